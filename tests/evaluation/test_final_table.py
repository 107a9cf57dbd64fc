from dataclasses import replace

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.final_table import final_table
from inpaintlab.records.evaluation import EvaluationRecord
from tests.report.drawn import draw


def records(folder, **errors):
    return {
        name: EvaluationRecord.from_plain(draw(folder / name, name, error, save=0)) for name, error in errors.items()
    }


def test_one_line_for_each_model_the_best_first_and_failures_last(tmp_path):
    there = records(tmp_path, telea=0.2, pconv=0.05)
    title, head, first, second, last = final_table(there, ["patchmatch"]).splitlines()
    assert title == "photos (test), 48 px, masks: irregular; 18 pictures, all hole ratios; protocol standard, completed"
    assert head.split("  ")[-3:] == ["PSNR (dB), hole ↑", "SSIM, hole ↑", "seconds per picture"]
    hole = there["pconv"].row(there["pconv"].main_cell, there["pconv"].main_view.in_region("hole"))
    assert first.split() == ["pconv", f"{hole.values['psnr']:.2f}", f"{hole.values['ssim']:.4f}", "0.01"]
    assert second.split()[0] == "telea"
    assert last.split("  ") == ["patchmatch", "failed, see above"]
    assert len(head) == len(first) == len(second)


def test_all_may_fail():
    assert final_table({}, ["telea"]) == "telea  failed, see above"


def test_what_a_protocol_lacks_in_the_hole_is_taken_from_the_whole_picture(tmp_path):
    plain = draw(tmp_path, "pconv", 0.1, save=0)
    plain["rows"] = [{**row, "gmsd": 0.1234} for row in plain["rows"] if row["region"] == "full"]
    _, head, line = final_table({"a": EvaluationRecord.from_plain(plain)}).splitlines()
    assert "PSNR (dB) ↑  SSIM ↑  GMSD ↓" in head
    assert "0.1234" in line


def test_numbers_of_other_pictures_are_no_rivals(tmp_path):
    there = records(tmp_path, telea=0.2, pconv=0.05)
    there["pconv"] = replace(there["pconv"], size=999)
    with pytest.raises(UserError, match=r"^pconv was judged on other pictures .* \(size=48, not 999\)"):
        final_table(there)
