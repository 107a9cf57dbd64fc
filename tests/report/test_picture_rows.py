import math

import pytest

from inpaintlab.records.cells import AS_THEY_ARE, Bucket, Cell, View
from inpaintlab.report.picture_rows import read_rows

HEADER = "bucket,border,index,name,hole_ratio,protocol,output,region,mse,psnr\n"


def test_lines_become_arrays_by_cell_and_view(tmp_path):
    path = tmp_path / "pictures.csv"
    path.write_text(
        HEADER
        + '"(0.1, 0.2]",any,0,"a, b.png",0.15,standard,prediction,full,0.01,20\n'
        + '"(0.1, 0.2]",any,3,c.png,0.15,standard,raw,full,0,\n'
        + "as they are,,0,c.png,0.15,mat,raw,hole,0,inf\n"
    )
    rows = read_rows(path)
    assert set(rows) == {
        (Cell(Bucket(0.1, 0.2)), View("standard", "prediction", "full")),
        (Cell(AS_THEY_ARE), View("mat", "prediction", "hole")),
    }
    first, second = rows.values()
    assert first.keys == [(0, "a, b.png"), (3, "c.png")]
    assert first.values["mse"].tolist() == [0.01, 0.0]
    assert first.values["psnr"][0] == 20
    assert math.isnan(first.values["psnr"][1])
    assert second.values["psnr"].tolist() == [math.inf]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column bucket"),
        ("bucket,border,index,name\n", "no column hole_ratio"),
        (HEADER + "all,any,0,n,0.1,standard,raw\n", "7 values in a line, expected 10"),
        (HEADER + "all,any,0,n,0.1,standard,raw,full,much,1\n", "could not convert"),
        (HEADER + "x,any,0,n,0.1,standard,raw,full,1,1\n", r"bucket x: expected \(low, high\], all"),
    ],
)
def test_a_broken_file_says_why(tmp_path, text, message):
    (tmp_path / "pictures.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rows(tmp_path / "pictures.csv")
