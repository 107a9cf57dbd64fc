import csv
import json

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.verbs.report import report as run_report
from tests.helpers.composing import composed
from tests.report.drawn import draw


def report(folder, *words):
    return run_report(composed("report", f"runs={folder}", *words))


def run(folder, name, psnr, status="done", overrides=(), **fields):
    record = {
        "schema": 1, "name": name, "status": status, "seed": 0, "size": 64, "overrides": list(overrides),
        "choices": {"model": "pconv", "data": "photos", "mask": "text", "hardware": "auto"},
        "metrics": {"val/psnr": 1.0, "test/psnr": psnr, "test/psnr_hole": psnr}, "baselines": {},
        "cost": {"iterations": 100, "train_seconds": 90.0},
    } | fields  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(record))


def lines(text, name):
    return [line for line in text.splitlines() if line.startswith(f"| {name} |")]


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


def test_runs_are_in_every_file(tmp_path):
    run(tmp_path / "in" / "a", "mine", 20.126, baselines={"telea": {"test/psnr": 19.0, "test/psnr_hole": 19.0}})
    report(tmp_path / "in", f"output={tmp_path / 'out'}")
    rows = list(csv.DictReader((tmp_path / "out" / "report.csv").open()))
    (row,) = (row for row in rows if (row["kind"], row["method"], row["measure"]) == ("run", "mine", "psnr"))
    assert (row["value"], row["text"], row["best"], row["source"]) == ("20.126", "20.13", "yes", "a")
    assert {row["text"] for row in rows if row["measure"] == "mask"} == {"text"}
    latex = (tmp_path / "out" / "report.tex").read_text()
    assert r"\caption{Training runs: Test pictures." in latex
    assert r"\textbf{20.13}" in latex
    assert "<b>20.13</b>" in (tmp_path / "out" / "report.html").read_text()


def test_unfinished_runs_are_listed_apart(tmp_path):
    run(tmp_path / "a", "fine", 20.0)
    run(tmp_path / "b", "broken", 25.0, status="failed", metrics={})
    text = report(tmp_path)
    assert "## Not finished: 1" in text
    assert lines(text, "broken") == ["| broken | b | failed | 100 |"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"schema": 2}', '"text"', "", "\x00", '{"schema": 1}'])
def test_a_broken_file_is_named_and_skipped(tmp_path, content):
    run(tmp_path / "a", "fine", 20.0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "results.json").write_text(content)
    text = report(tmp_path)
    assert "## Unreadable files, left out: 1\n\n- b/results.json: " in text
    assert lines(text, "fine")


def test_an_evaluation_of_the_older_schema_says_what_to_do(tmp_path):
    run(tmp_path / "a", "fine", 20.0)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "evaluation.json").write_text('{"schema": 1, "name": "x", "rows": []}')
    assert "(schema 1 is of an older inpaintlab; evaluate again)" in report(tmp_path)


def test_nothing_to_report_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"no results\.json or evaluation\.json"):
        report(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        report(tmp_path / "none")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("output=report.md", r"output=report\.md: expected a folder; report\.md, \.tex, \.csv and \.html"),
        ("pictures=-1", "pictures=-1: expected a whole number of at least 0"),
        ("resamples=0", "resamples=0: expected a whole number of at least 1"),
        ("published=paper", "published=paper: expected auto, all, none, a paper or some of .*pconv/table1"),
    ],
)
def test_a_wrong_word_is_told_in_one_line(tmp_path, word, message):
    draw(tmp_path / "a", "pconv", 0.1, count=2, save=0)
    with pytest.raises(UserError, match=message):
        report(tmp_path, word)


def test_four_files_are_written_and_nothing_else(tmp_path):
    draw(tmp_path / "in", "pconv", 0.1, count=2, size=16, save=1, buckets=((0.1, 0.2),))
    text = report(tmp_path / "in", f"output={tmp_path / 'out'}", "resamples=50", "published=none")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"report.md", "report.tex", "report.csv", "report.html"}
    assert (tmp_path / "out" / "report.md").read_text() == text


def test_the_same_folders_give_the_same_files(tmp_path):
    for name in ("pconv", "madf"):
        draw(tmp_path / "in" / name, name, 0.1, count=2, size=16, save=1, buckets=((0.1, 0.2),))
    for out in ("one", "two"):
        report(tmp_path / "in", f"output={tmp_path / out}", "resamples=50")
    for suffix in ("md", "tex", "csv", "html"):
        first, second = ((tmp_path / out / f"report.{suffix}").read_text() for out in ("one", "two"))
        assert first == second


def test_several_folders_are_joined_and_none_is_read_twice(tmp_path):
    draw(tmp_path / "x" / "a", "telea", 0.2, count=2, save=0)
    draw(tmp_path / "y" / "b", "pconv", 0.1, count=2, save=0)
    text = run_report(composed("report", f"runs=[{tmp_path / 'x'},{tmp_path / 'y'},{tmp_path / 'y' / 'b'}]"))
    assert "telea" in text
    assert "pconv" in text
    assert "## Set 2" not in text
    assert "repeat another" not in text
