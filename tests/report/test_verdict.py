import csv

import pytest

from inpaintlab.report.as_markdown import as_markdown
from inpaintlab.report.document import compose
from inpaintlab.report.findings import read_folders
from inpaintlab.report.grouping import make_groups
from inpaintlab.report.verdict import verdict
from tests.report.drawn import draw


def verdict_of(folder):
    groups, _ = make_groups(read_folders([folder]).evaluations)
    return verdict(groups[0])


def test_the_best_two_are_told_apart_in_the_hole(tmp_path):
    records = {name: draw(tmp_path / name, name, error, count=12) for name, error in
               (("telea", 0.2), ("madf", 0.1), ("pconv", 0.05))}  # fmt: skip
    psnr = {
        name: next(
            row["psnr"] for row in record["rows"]
            if (row["bucket"], row["output"], row["region"]) == ("all", "completed", "hole")
        )
        for name, record in records.items()
    }  # fmt: skip
    by = psnr["pconv"] - psnr["madf"]
    (line,) = verdict_of(tmp_path)
    assert line.startswith(f"pconv beats madf by {by:.2f} dB in the hole, p ")
    assert line.endswith(", 12 pictures; the eye may differ.")
    text = as_markdown(compose([tmp_path], "none", 20, 0))
    assert text.startswith(f"## Verdict\n\n- {line}\n")


def test_what_chance_may_have_done_is_no_victory(tmp_path):
    for name in ("a", "b"):
        draw(tmp_path / name, name, 0.1, count=3, save=0)
    (line,) = verdict_of(tmp_path)
    assert " is ahead of " in line
    assert "dB in the hole, no clear difference, p = " in line


def test_one_evaluation_alone_has_no_verdict(tmp_path):
    draw(tmp_path, "pconv", 0.1, save=0)
    assert verdict_of(tmp_path) == []


@pytest.mark.parametrize("better", ["pconv", "telea"])
def test_measures_that_disagree_are_named(tmp_path, better):
    """GMSD is put beside each row: smaller, and so better, for one of the two."""
    for name, error in (("telea", 0.2), ("pconv", 0.05)):
        draw(tmp_path / name, name, error, count=10, save=0)
        path = tmp_path / name / "pictures.csv"
        lines = list(csv.DictReader(path.open(newline="")))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*lines[0], "gmsd"])
            writer.writeheader()
            base = 0.05 if name == better else 0.15
            writer.writerows({**line, "gmsd": base + int(line["index"]) / 1000} for line in lines)
    first, *others = verdict_of(tmp_path)
    assert first.startswith("pconv beats telea")
    if better == "pconv":
        assert others == []
    else:
        (line,) = others
        assert line.startswith("PSNR and GMSD disagree: pconv is ahead by PSNR (")
        assert line.endswith(" dB), telea by GMSD (0.1000). Look at the pictures.")
