import json

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cells import Bucket, Cell, View
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.rows import Means
from tests.tracking.records import record

PSNR = {"_target_": "inpaintlab.metrics.psnr.PSNR", "colour": "rgb"}
FORMER = {"outputs": ["composited", "raw"], "boundary": 4, "psnr": PSNR, "ssim": None, "distributions": {}}


def test_what_is_written_is_read_back(tmp_path):
    one = record()
    assert one.write(tmp_path) == tmp_path / "evaluation.json"
    assert EvaluationRecord.read(tmp_path) == EvaluationRecord.read(tmp_path / "evaluation.json") == one


def test_rows_are_flat_in_the_file():
    row = record().rows[0]
    assert row == Means(Cell(Bucket(0.1, 0.2)), View("standard", "completed", "full"), 2, 0,
                        {"psnr": 30.0, "ssim": None, "l1": 0.1})  # fmt: skip
    assert row.to_plain() == {
        "bucket": [0.1, 0.2], "border": "any", "protocol": "standard", "output": "completed", "region": "full",
        "pictures": 2, "identical": 0, "psnr": 30.0, "ssim": None, "l1": 0.1,
    }  # fmt: skip


def test_a_file_of_schema_2_is_lifted():
    plain = record(protocols={"standard": {}, "lama": {}}).to_plain()
    plain |= {"schema": 2, "judged": "raw", "protocols": {"standard": FORMER}}
    del plain["blind"]
    for row in (*plain["rows"], *plain["distributions"]):
        row["output"] = {"completed": "composited", "prediction": "raw"}[row["output"]]
    lifted = EvaluationRecord.from_plain(plain)
    assert lifted.blind
    assert [row.view.output for row in lifted.rows] == [row.view.output for row in record().rows]
    assert lifted.protocols["standard"] == {
        "outputs": ["completed", "prediction"], "boundary": 4, "distributions": {},
        "measures": {"psnr": {"_target_": "inpaintlab.metrics.pixelwise.PSNR", "colour": "rgb"}},
    }  # fmt: skip
    assert lifted.main_view == View("standard", "prediction", "full")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, "schema 1 is of an older inpaintlab; evaluate again"),
        ({"schema": 4}, "schema 4, expected 3"),
        ({"rows": [{"bucket": None}]}, "rows: no "),
        ({"rows": [{"bucket": "some", "border": None}]}, "rows: bucket some: expected"),
        ({"masks": None}, "MaskSource: expected an object"),
        ({"name": 3}, "name: expected str, got int"),
    ],
)
def test_what_cannot_be_read_says_why_in_one_line(tmp_path, change, message):
    (tmp_path / "evaluation.json").write_text(json.dumps(record().to_plain() | change))
    with pytest.raises(UserError, match=rf"evaluation\.json: not a readable evaluation\.json \({message}") as caught:
        EvaluationRecord.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_main_view_and_cell():
    one = record()
    assert str(one.main_cell) == "all hole ratios"
    assert one.main_view == View("standard", "completed", "full")
    assert one.row(one.main_cell, one.main_view).values["psnr"] == 28.0
    assert one.row(one.main_cell, View("mat", "completed", "full")) is None
    assert record(rows=[]).main_cell is None
    assert record(blind=True).view_of("lama") == View("lama", "prediction", "full")
