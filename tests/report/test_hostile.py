"""Files from anywhere below the folders of a report: listed, never a hang, a traceback, or a page that acts."""

import csv
import json
import os

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.verbs.report import report as run_report
from tests.helpers.composing import composed
from tests.report.drawn import draw

SMALL = {"count": 2, "size": 16, "save": 1, "buckets": ((0.1, 0.2), (0.3, 0.4))}
NAMES = ["=HYPERLINK(\"http://x\")", "<script>alert(1)</script>", "$\\frac{$", "$$", "a|b", "![x](http://x/y.png)",
         "`` ` ``", "caf\udce9", "a\nb\r# c", "\\input{x} % ^^", "東京", "<!-- "]  # fmt: skip


def report(folder, *words):
    return run_report(composed("report", f"runs={folder}", "resamples=20", "published=none", *words))


def run_record(**changes):
    return {"schema": 1, "name": "fine", "status": "done", "seed": 0, "choices": {"data": "d", "mask": "m"},
            "overrides": [], "metrics": {"test/psnr": 20.0}, "cost": {}} | changes  # fmt: skip


def cost_record(**changes):
    return {"schema": 1, "name": "fine", "model": "m", "parameters": 5, "multiply_adds": {"64": 9},
            "latency": [{"device": "cpu", "size": 64, "batch": 1, "median_ms": 2.0, "runs": 3}],
            "peak_memory_mb": [{"device": "cpu", "size": 64, "batch": 1, "mb": None}]} | changes  # fmt: skip


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize("kind", ["results.json", "evaluation.json", "cost.json"])
def test_what_is_no_file_of_this_kind_is_listed(kind, tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, **SMALL)
    for name in ("pipe", "folder", "deep", "huge", "bytes"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "pipe" / kind)
    (tmp_path / "folder" / kind).mkdir()
    (tmp_path / "deep" / kind).write_text("[" * 200_000)
    (tmp_path / "bytes" / kind).write_bytes(b"\xff\xfe\x00")
    with (tmp_path / "huge" / kind).open("wb") as file:
        file.truncate(2**40)
    text = report(tmp_path)
    assert "## Unreadable files, left out: 5" in text
    assert f"- pipe/{kind}: not a readable {kind} (no regular file)" in text
    assert f"- deep/{kind}: not a readable {kind} (nested too deeply)" in text
    assert "## Set 1" in text


@pytest.mark.parametrize(
    "content",
    [
        run_record(metrics={"test/psnr": "20"}), run_record(metrics=[1]), run_record(cost=[]), run_record(seed="x"),
        run_record(cost={"train_seconds": "long"}), run_record(choices=3), run_record(overrides=7),
        run_record(baselines={"telea": 3}), run_record(name=["a"]), run_record(status=None), run_record(size="64"),
        run_record(cost={"iterations": {}}), run_record(overrides=[1]), run_record(versions=[]), run_record(paths=1),
    ],
)  # fmt: skip
def test_a_run_with_a_field_of_another_kind_is_listed(content, tmp_path):
    put(tmp_path / "a" / "results.json", run_record())
    put(tmp_path / "b" / "results.json", content)
    text = report(tmp_path)
    assert "## Unreadable files, left out: 1\n\n- b/results.json: not a readable results.json (" in text
    assert "| fine |" in text


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": "many"}, {"multiply_adds": {"x": 1}}, {"multiply_adds": [1]}, {"latency": 3}, {"latency": [3]},
        {"latency": [{"device": "cpu"}]}, {"latency": [{"device": 1, "size": 1, "batch": 1, "median_ms": 1.0}]},
        {"latency": [{"device": "cpu", "size": [1], "batch": 1, "median_ms": 1.0}]}, {"notes": "x"}, {"name": None},
        {"latency": [{"device": "cpu", "size": 1, "batch": 1, "median_ms": "fast"}]}, {"multiply_adds": {"64": "x"}},
    ],
)  # fmt: skip
def test_a_cost_with_a_field_of_another_kind_is_listed(change, tmp_path):
    put(tmp_path / "a" / "cost.json", cost_record())
    put(tmp_path / "b" / "cost.json", cost_record(**change))
    assert "## Unreadable files, left out: 1\n\n- b/cost.json: not a readable cost.json (" in report(tmp_path)


def test_an_evaluation_with_a_field_of_another_kind_is_listed(tmp_path):
    draw(tmp_path / "fine", "pconv", 0.1, **SMALL)
    whole = json.loads((tmp_path / "fine" / "evaluation.json").read_text())
    row, saved = whole["rows"][0], whole["saved"][0]
    changes = [
        {"size": "64"}, {"choices": {"model": "x"}}, {"choices": {"data": 1, "mask": "m"}}, {"overrides": 3},
        {"protocols": []}, {"protocols": {"standard": 3}}, {"versions": "1"}, {"masks": {}}, {"cost": []},
        {"rows": [row | {"psnr": "20"}]}, {"rows": [row | {"bucket": [0, float("inf")]}]}, {"rows": [3]}, {"rows": 3},
        {"rows": [row | {"border": {"a": 1}}]}, {"rows": [row | {"region": ""}]}, {"rows": [row | {"protocol": [1]}]},
        {"saved": [saved | {"truth": 3}]}, {"saved": [saved | {"index": "x"}]}, {"name": {}}, {"seed": None},
        {"distributions": [{}]}, {"rows": [row | {"pictures": float("inf")}]}, {"blind": "no"}, {"iteration": "1"},
    ]  # fmt: skip
    for number, change in enumerate(changes):
        put(tmp_path / f"x{number}" / "evaluation.json", whole | change)
        (tmp_path / f"x{number}" / "pictures.csv").write_bytes((tmp_path / "fine" / "pictures.csv").read_bytes())
    text = report(tmp_path)
    assert f"## Unreadable files, left out: {len(changes)}\n" in text
    assert "## Set 2" not in text


@pytest.mark.parametrize("content", ["", "a,b\n", "\0", 'x"' * 10, "," * 100 + "\n", "pipe", '"' + "x" * 200_000])
def test_pictures_csv_of_another_kind_is_listed(content, tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, **SMALL)
    draw(tmp_path / "b", "madf", 0.1, **SMALL)
    path = tmp_path / "b" / "pictures.csv"
    if content == "pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        path.write_text(content)
    text = report(tmp_path)
    assert "## Unreadable files, left out: 1\n\n- b/evaluation.json: pictures.csv: " in text


@pytest.mark.slow
def test_names_from_anywhere_are_shown_and_do_nothing(tmp_path):
    for number, name in enumerate(NAMES):
        draw(tmp_path / "in" / f"e{number}", name, 0.05 * number, **SMALL)
        put(tmp_path / "in" / f"r{number}" / "results.json", run_record(name=name, choices={"data": name, "mask": "m"}))
        put(tmp_path / "in" / f"c{number}" / "cost.json", cost_record(name=name))
    report(tmp_path / "in", f"output={tmp_path / 'out'}")
    markdown, latex, table, page = (
        (tmp_path / "out" / f"report{s}").read_text("utf-8") for s in (".md", ".tex", ".csv", ".html")
    )
    assert "<script>alert" not in page
    code = [line.partition("`")[0] for line in markdown.splitlines()]
    assert not any("<script" in line or "](http" in line or "<!--" in line for line in code)
    assert not any(line.startswith("# c") for line in markdown.splitlines())
    assert "\n\n" not in latex.split(r"\begin{tabular}", 1)[1].split(r"\end{tabular}")[0]
    assert "$\\frac{$" in page  # in the plots too, as letters
    cells = [cell for row in csv.reader(table.splitlines()) for cell in row]
    assert "'" + NAMES[0] in cells
    assert not any(cell.startswith(("=", "@")) for cell in cells)


def test_saved_pictures_outside_of_the_folder_are_not_shown(tmp_path):
    draw(tmp_path / "secret", "telea", 0.1, **SMALL)
    draw(tmp_path / "in" / "a", "pconv", 0.1, **SMALL)
    path = tmp_path / "in" / "a" / "evaluation.json"
    record = json.loads(path.read_text())
    for saved in record["saved"]:
        for what in ("truth", "mask", "picture"):
            saved[what] = f"../../secret/{saved[what]}"
    path.write_text(json.dumps(record))
    report(tmp_path / "in", f"output={tmp_path / 'out'}")
    assert "data:image" not in (tmp_path / "out" / "report.html").read_text()


def test_no_file_is_written_unless_all_can_be_made(tmp_path, monkeypatch):
    draw(tmp_path / "in", "pconv", 0.1, **SMALL)
    report(tmp_path / "in", f"output={tmp_path / 'out'}")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    draw(tmp_path / "in", "madf", 0.3, **SMALL)
    monkeypatch.setattr("inpaintlab.report.as_html.as_html", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report(tmp_path / "in", f"output={tmp_path / 'out'}")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_an_output_that_cannot_be_written_is_one_line(tmp_path):
    draw(tmp_path / "in", "pconv", 0.1, **SMALL)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        report(tmp_path / "in", f"output={tmp_path / 'file' / 'below'}")


@pytest.mark.parametrize("content", [b"", b"no picture", "half"])
def test_a_saved_picture_that_is_broken_costs_its_case_alone(content, tmp_path):
    draw(tmp_path / "in" / "a", "pconv", 0.1, **SMALL)
    path = next((tmp_path / "in" / "a" / "pictures").rglob("*.png"))
    path.write_bytes(path.read_bytes()[:60] if content == "half" else content)
    report(tmp_path / "in", f"output={tmp_path / 'out'}")
    assert "data:image" in (tmp_path / "out" / "report.html").read_text()
