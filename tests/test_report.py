import json

import pytest

from inpaintlab.errors import UserError
from inpaintlab.report import report


def run(folder, name, psnr, status="done", overrides=(), **fields):
    record = {
        "schema": 1, "name": name, "status": status, "seed": 0, "size": 64, "overrides": list(overrides),
        "choices": {"model": "pconv", "data": "photos", "mask": "text", "hardware": "auto"},
        "metrics": {"val/psnr": 1.0, "test/psnr": psnr, "test/psnr_hole": psnr}, "baselines": {},
        "cost": {"iterations": 100, "train_seconds": 90.0},
    } | fields  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(record))


def evaluation(folder, name, psnr):
    record = {
        "schema": 1, "name": name, "choices": {"data": "photos", "mask": "text"}, "overrides": [], "split": "test",
        "size": 64, "seed": 0, "rows": [
            {"bucket": [0.1, 0.2], "border": "any", "pictures": 5, "psnr": psnr, "psnr_hole": psnr, "identical": 0},
        ],
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(record))


def lines(text, name):
    return [line for line in text.splitlines() if f"| {name} |" in line]


def test_runs_are_sorted_and_the_best_is_bold(tmp_path):
    run(tmp_path / "a", "worse", 20.0, baselines={"telea": {"test/psnr": 19.0, "test/psnr_hole": 19.0}})
    run(tmp_path / "deep" / "b", "better", 21.0, baselines={"telea": {"test/psnr": 19.0, "test/psnr_hole": 19.0}})
    text = report(tmp_path)
    assert text.index("better") < text.index("worse") < text.index("telea")
    assert "**21.00** | **21.00**" in lines(text, "better")[0]
    assert "**" not in lines(text, "worse")[0]
    assert "| 0 | 100 | 1.5 |" in lines(text, "better")[0]
    assert len(lines(text, "telea")) == 1
    assert "val/psnr" not in text


def test_runs_on_other_masks_are_no_rivals(tmp_path):
    run(tmp_path / "a", "easy", 30.0, overrides=["mask.ratio=[0.01,0.1]", "data.num_workers=2"])
    run(tmp_path / "b", "hard", 20.0, overrides=["model.width=4"])
    run(tmp_path / "c", "harder", 19.0)
    text = report(tmp_path)
    assert "**20.00**" in lines(text, "hard")[0]
    assert "**30.00**" not in text
    assert "mask.ratio=[0.01,0.1] |" in lines(text, "easy")[0]
    assert "num_workers" not in text


def test_unfinished_runs_are_listed_apart(tmp_path):
    run(tmp_path / "a", "fine", 20.0)
    run(tmp_path / "b", "broken", 25.0, status="failed", metrics={})
    text = report(tmp_path)
    assert "## Not finished: 1" in text
    assert lines(text, "broken") == ["| b | broken | failed | 100 |"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"schema": 2}', '"text"', "", "\x00", '{"schema": 1}'])
def test_a_broken_file_is_named_and_skipped(tmp_path, content):
    run(tmp_path / "a", "fine", 20.0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "results.json").write_text(content)
    text = report(tmp_path)
    assert "## Unreadable files, left out: 1\n\n- b/results.json: " in text
    assert lines(text, "fine")


def test_evaluations_are_compared_by_bucket(tmp_path):
    evaluation(tmp_path / "e1", "telea", 20.0)
    evaluation(tmp_path / "e2", "ours", 22.0)
    text = report(tmp_path)
    assert "## By hole ratio" in text
    assert "Test pictures" not in text
    assert text.index("ours") < text.index("telea")
    assert "| (0.1, 0.2] | any | ours | 5 | **22.00** |" in text


def test_nothing_to_report_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"no results\.json or evaluation\.json"):
        report(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        report(tmp_path / "none")
