import math

import numpy as np
import pytest

from inpaintlab.records.cells import AS_THEY_ARE, Bucket, Cell, View
from inpaintlab.records.picture_rows import FILE, PictureWriter
from inpaintlab.report.picture_rows import read_rows

VIEW = View("standard", "completed", "full")
HEADER = "bucket,border,index,name,hole_ratio,protocol,output,region,mse,psnr\n"


def test_lines_become_arrays_by_cell_and_view(tmp_path):
    path = tmp_path / "pictures.csv"
    path.write_text(
        HEADER
        + '"(0.1, 0.2]",any,0,"a, b.png",0.15,standard,prediction,full,0.01,20\n'
        + '"(0.1, 0.2]",any,3,c.png,0.15,standard,raw,full,0,\n'
        + "as they are,,0,c.png,0.15,mat,raw,hole,0,inf\n"
    )
    rows = read_rows(tmp_path)
    assert set(rows) == {
        (Cell(Bucket(0.1, 0.2)), View("standard", "prediction", "full")),
        (Cell(AS_THEY_ARE), View("mat", "prediction", "hole")),
    }
    first, second = rows.values()
    assert first.index.tolist() == [0, 3]
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
        (HEADER + f"all,any,{2**70},n,0.1,standard,raw,full,1,1\n", "int"),
        (HEADER + "x,any,0,n,0.1,standard,raw,full,1,1\n", r"bucket x: expected \(low, high\], all"),
    ],
)
def test_a_broken_file_says_why(tmp_path, text, message):
    (tmp_path / "pictures.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rows(tmp_path)


def test_parquet_and_former_csv_are_read_alike(tmp_path, monkeypatch):
    """Over the borders of groups of rows, too; where both are there, Parquet is the evaluation's own."""
    monkeypatch.setattr("inpaintlab.records.picture_rows.GROUP", 3)
    cells, views = (Cell(Bucket(0.1, 0.2)), Cell(Bucket(0.2, 0.3), "touch")), (VIEW, VIEW.in_region("hole"))
    lines = []
    with PictureWriter(tmp_path / FILE, ("mse", "psnr")) as file:
        for number, (cell, index, view) in enumerate((c, i, v) for c in cells for i in (4, 7, 9) for v in views):
            values = {"mse": number / 8, **({"psnr": 20.5 + number} if number % 3 else {})}
            file.add(cell, view, (index, f"{index}.png", 0.15), values)
            lines.append(f'"{cell.bucket}",{cell.border},{index},{index}.png,0.15,{view.protocol},{view.output},'
                         f"{view.region},{values['mse']},{values.get('psnr', '')}")  # fmt: skip
    own = read_rows(tmp_path)
    (tmp_path / "pictures.csv").write_text("nothing of use")
    assert read_rows(tmp_path).keys() == own.keys()
    (tmp_path / FILE).unlink()
    (tmp_path / "pictures.csv").write_text(HEADER + "\n".join(lines) + "\n")
    former = read_rows(tmp_path)
    assert list(own) == list(former)
    for place, part in own.items():
        assert part.index.tolist() == former[place].index.tolist() == [4, 7, 9]
        for measure in ("mse", "psnr"):
            np.testing.assert_array_equal(part.values[measure], former[place].values[measure])


def test_without_rows_of_pictures_the_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"pictures\.parquet: No such file"):
        read_rows(tmp_path)
