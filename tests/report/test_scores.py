import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import wilcoxon

from inpaintlab.records.cells import POOL, Bucket, Cell, View
from inpaintlab.report.document import compose
from inpaintlab.report.findings import read_folders
from inpaintlab.report.grouping import make_groups
from inpaintlab.report.scores import mean_intervals, score_tables
from inpaintlab.report.set_tables import distribution_tables
from inpaintlab.report.significance import picture_differences
from inpaintlab.report.statistics import bootstrap_intervals
from tests.report.drawn import draw, fid, three_models

FULL = View("standard", "completed", "full")
FIRST = Cell(Bucket(0.1, 0.2))


def group_of(folder):
    groups, _ = make_groups(read_folders([folder]).evaluations)
    return groups[0]


def tables_of(folder, resamples=40):
    group = group_of(folder)
    return score_tables(group, {one.label: mean_intervals(one, resamples, 0) for one in group.evaluations})


def entry(table, measure, label, column):
    block = next(block for block in table.blocks if block.measure == measure)
    line = next(line for line in block.lines if line.label == label)
    return line.entries[[c.top for c in table.columns].index(column)]


def lines_of(folder):
    with (Path(folder) / "pictures.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_number_is_that_of_the_record(tmp_path):
    records = three_models(tmp_path)
    tables, seen = tables_of(tmp_path), 0
    for name, record in records.items():
        for row in record["rows"]:
            table = next(
                t for t in tables if all(t.context[key] == row[key] for key in ("protocol", "output", "region"))
            )
            for measure in ("psnr", "ssim", "l1"):
                found = entry(table, measure, name, str(Bucket.read(row["bucket"])))
                assert found.value == row[measure]
                seen += 1
    assert seen == 3 * 4 * 4 * 3  # models, cells with all, views, measures


def test_the_best_of_each_column_is_marked_and_no_other(tmp_path):
    three_models(tmp_path)
    for table in tables_of(tmp_path)[:2]:
        for block in table.blocks:
            for line in block.lines:
                assert {e.best for e in line.entries} == {line.label == "pconv"}


def test_one_evaluation_alone_is_not_the_best(tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, count=2, save=0)
    assert not any(e.best for t in tables_of(tmp_path) for b in t.blocks for line in b.lines for e in line.entries)


def test_pools_of_other_cells_have_columns_of_their_own(tmp_path):
    draw(tmp_path / "a", "telea", 0.2, count=3, save=0)
    draw(tmp_path / "b", "madf", 0.1, count=3, save=0)
    draw(tmp_path / "c", "pconv", 0.05, count=3, save=0, buckets=((0.1, 0.2), (0.3, 0.4)))
    table = tables_of(tmp_path)[0]
    tops = [(column.top, column.bottom) for column in table.columns]
    assert tops[:2] == [("all", "N = 6 of 2 cells"), ("all", "N = 9 of 3 cells")]
    lines = {line.label: line.entries for line in table.blocks[0].lines}
    assert lines["pconv"][1] is None
    assert not lines["pconv"][0].best  # nobody to be better than
    assert lines["madf"][1].best
    assert lines["madf"][-1].best
    assert lines["pconv"][2].best


def test_other_settings_of_a_protocol_are_another_table(tmp_path):
    draw(tmp_path / "a", "telea", 0.2, count=2, save=0)
    draw(tmp_path / "b", "pconv", 0.1, count=2, save=0, protocols=("standard",))
    draw(tmp_path / "c", "madf", 0.05, count=2, save=0) | {}
    text = (tmp_path / "c" / "evaluation.json").read_text().replace('"boundary": 4', '"boundary": 8')
    (tmp_path / "c" / "evaluation.json").write_text(text)
    whole = [table for table in tables_of(tmp_path) if table.context == FULL.plain]
    assert [[line.label for line in table.blocks[0].lines] for table in whole] == [["pconv", "telea"], ["madf"]]
    assert whole[1].notes == ("Other settings of the protocol: boundary=8, not 4.",)


def test_other_settings_of_fid_are_no_difference_to_psnr(tmp_path):
    for name, network in (("a", "inception2015"), ("b", "inception768")):
        settings = {"standard": {"boundary": 4, "distributions": {"fid": {"network": network}}}}
        draw(tmp_path / name, name, 0.1, count=2, save=0, protocols=("standard",))
        record = json.loads((tmp_path / name / "evaluation.json").read_text())
        record |= {"protocols": settings, "distributions": fid([20.0])}
        (tmp_path / name / "evaluation.json").write_text(json.dumps(record))
    assert len(tables_of(tmp_path)) == 4
    assert len(distribution_tables(group_of(tmp_path))) == 2


def test_a_measure_that_one_lacks_is_no_other_setting(tmp_path):
    for name, measures in (("a", {"psnr": {"over": "picture"}}), ("b", {"psnr": {"over": "picture"}, "gmsd": {}})):
        draw(tmp_path / name, name, 0.1, count=2, save=0, protocols=("standard",))
        path = tmp_path / name / "evaluation.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"protocols": {"standard": {"boundary": 4, "measures": measures}}}))
    assert len(tables_of(tmp_path)) == 4


def test_protocols_never_share_a_table(tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, count=2, save=0, protocols=("standard", "lama"))
    tables = tables_of(tmp_path)
    assert len(tables) == 8
    assert [table.context["protocol"] for table in tables if table.main] == ["standard", "standard"]


def test_blind_models_are_judged_by_their_prediction_first(tmp_path):
    draw(tmp_path / "a", "blind", 0.1, count=2, save=0, blind=True)
    assert tables_of(tmp_path)[0].context["output"] == "prediction"


def test_an_interval_is_the_bootstrap_of_the_pictures_rows(tmp_path):
    draw(tmp_path, "pconv", 0.1, save=0)
    rows = [r for r in lines_of(tmp_path) if View.read(r) == FULL]
    one = group_of(tmp_path).evaluations[0]
    found = mean_intervals(one, 200, 3)
    cell = [r for r in rows if r["bucket"] == "(0.1, 0.2]"]
    values = np.array([[float(r["psnr"])] for r in cell])
    expected = bootstrap_intervals(values, np.array([int(r["index"]) for r in cell]), 200, 3)[0]
    np.testing.assert_allclose(found[FIRST, FULL, "psnr"], expected, rtol=1e-9)
    pooled = np.array([[float(r["psnr"])] for r in rows])
    expected = bootstrap_intervals(pooled, np.array([int(r["index"]) for r in rows]), 200, 3)[0]
    np.testing.assert_allclose(found[POOL, FULL, "psnr"], expected, rtol=1e-9)


def test_a_number_that_is_no_mean_of_pictures_has_no_interval(tmp_path):
    record = draw(tmp_path, "pconv", 0.1, save=0)
    pooled = [{**row, "psnr": row["psnr"] - 1} for row in record["rows"]]  # such as PSNR of one global MSE
    draw(tmp_path, "pconv", 0.1, save=0, rows=pooled)
    table = tables_of(tmp_path)[0]
    assert entry(table, "psnr", "pconv", "all").interval is None
    assert entry(table, "ssim", "pconv", "all").interval is not None


def test_exact_matches_are_counted_in_words(tmp_path):
    draw(tmp_path, "pconv", 0.0, count=2, save=0, buckets=((0.1, 0.2),))
    table = tables_of(tmp_path)[0]
    assert [block.measure for block in table.blocks] == ["ssim", "l1"]  # PSNR exists for no picture
    assert table.notes[0].startswith("Exact matches, counted apart: pconv: 2 of 2 in (0.1, 0.2]")


def test_infinity_of_a_protocol_is_shown(tmp_path):
    record = draw(tmp_path, "pconv", 0.1, count=2, save=0, buckets=((0.1, 0.2),))
    assert record["rows"][0]["region"] == "full"
    record["rows"][0]["psnr"] = None  # JSON has no infinity
    (tmp_path / "evaluation.json").write_text(json.dumps(record))
    lines = lines_of(tmp_path)
    lines[0]["psnr"] = "inf"
    with (tmp_path / "pictures.csv").open("w") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    table = tables_of(tmp_path)[0]
    found = entry(table, "ssim", "pconv", "(0.1, 0.2]")
    assert found.interval is not None
    assert [block.measure for block in table.blocks] == ["psnr", "ssim", "l1"]
    assert entry(table, "psnr", "pconv", "(0.1, 0.2]").text == "∞"


def test_differences_are_joined_by_picture_and_tested_by_scipy(tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, count=12, save=0)
    draw(tmp_path / "b", "telea", 0.12, count=12, save=0)
    path = tmp_path / "b" / "pictures.csv"
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head, *reversed(lines)]) + "\n")  # the order of lines is of no consequence
    document = compose([tmp_path], "none", 20, 0)
    first, second = document.sections[0].group.evaluations
    assert (first.label, second.label) == ("pconv", "telea")

    def column(name, bucket=None):
        rows = [r for r in lines_of(tmp_path / name) if View.read(r) == FULL]
        return {(r["bucket"], r["index"]): float(r["psnr"]) for r in rows if bucket in (None, r["bucket"])}

    ours, theirs = column("a", "(0.1, 0.2]"), column("b", "(0.1, 0.2]")
    expected = np.array([ours[key] - theirs[key] for key in ours])
    found = picture_differences(first, second, FIRST, FULL, "psnr")
    np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=1e-9)

    ours, theirs = column("a"), column("b")
    mean = [np.mean([ours[k] - theirs[k] for k in ours if k[1] == str(i)]) for i in range(12)]
    table = next(t for t in document.sections[0].significance if t.context["bucket"] == "all")
    assert [c.bottom for c in table.columns[:3]] == ["median difference", "p", "N"]
    median, p, count = table.blocks[0].lines[0].entries[:3]
    assert median.value == pytest.approx(np.median(mean), rel=1e-7)
    assert p.value == pytest.approx(wilcoxon(mean).pvalue, rel=1e-7)
    assert count.value == 12
    assert median.best == (p.value < 0.05)


def test_p_is_corrected_over_the_pairs(tmp_path):
    for name, error in (("a", 0.1), ("b", 0.1), ("c", 0.1)):
        draw(tmp_path / name, name, error, count=8, save=0, buckets=((0.1, 0.2),))
    table = compose([tmp_path], "none", 20, 0).sections[0].significance[0]
    evaluations = {one.label: one for one in group_of(tmp_path).evaluations}
    raw = []
    for line in table.blocks[0].lines:
        first, second = (evaluations[name] for name in line.label.split(" − "))
        raw.append(wilcoxon(picture_differences(first, second, FIRST, FULL, "psnr")).pvalue)
    order, running, expected = np.argsort(raw), 0.0, [0.0] * 3
    for rank, place in enumerate(order):
        running = max(running, min(1.0, raw[place] * (3 - rank)))
        expected[place] = running
    assert [line.entries[1].value for line in table.blocks[0].lines] == pytest.approx(expected)


def test_distributions_stand_with_n_network_and_a_warning(tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, count=2, save=0, distributions=fid([20.0]))
    draw(tmp_path / "b", "madf", 0.05, count=2, save=0, distributions=fid([30.0]))
    draw(tmp_path / "c", "telea", 0.2, count=2, save=0, distributions=fid([1.0], n=20_000))
    draw(tmp_path / "d", "unchanged", 0.3, count=2, save=0, distributions=fid([1.0], network="inception768"))
    first, second = distribution_tables(group_of(tmp_path))
    assert [column.bottom for column in first.columns] == ["N = 18", "N = 20000"]
    best = {line.label: [bool(e and e.best) for e in line.entries] for line in first.blocks[0].lines}
    assert best == {"pconv": [True, False], "madf": [False, False], "telea": [False, False]}
    assert first.notes[0] == f"Network inception2015, weights sha256 {'b' * 16}."
    assert "Warning: N = 18 is below 10,000" in first.notes[1]
    assert [line.label for line in second.blocks[0].lines] == ["unchanged"]


def test_enough_pictures_need_no_warning(tmp_path):
    draw(tmp_path, "pconv", 0.1, count=2, save=0, distributions=fid([20.0], n=10_000))
    assert len(distribution_tables(group_of(tmp_path))[0].notes) == 1
