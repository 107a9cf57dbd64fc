import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.records.published import tables
from inpaintlab.report.document import compose
from tests.report.drawn import draw, fid

BUCKETS = ((0.01, 0.1), (0.5, 0.6))


def evaluate(folder, name="pconv", **fields):
    return draw(folder / name, name, 0.1, buckets=fields.pop("buckets", BUCKETS), count=2, save=0, **fields)


def ids(document):
    return [table.context["published"] for table in document.published]


def published_lines(table, measure):
    return [line for block in table.blocks if block.measure == measure for line in block.lines if line.published]


def test_auto_takes_the_tables_of_the_papers_that_were_evaluated(tmp_path):
    evaluate(tmp_path)
    assert ids(compose([tmp_path], "auto", 10, 0)) == ["pconv/table1"]
    evaluate(tmp_path, "madf")
    assert {name.split("/")[0] for name in ids(compose([tmp_path], "auto", 10, 0))} == {"madf", "pconv"}


def test_all_none_and_named_tables(tmp_path):
    evaluate(tmp_path, "telea", model="inpaintlab.models.classical.Telea")
    assert ids(compose([tmp_path], "auto", 10, 0)) == []
    assert ids(compose([tmp_path], "none", 10, 0)) == []
    assert ids(compose([tmp_path], "all", 10, 0)) == [table.id for table in tables()]
    assert ids(compose([tmp_path], ["pconv/table1"], 10, 0)) == ["pconv/table1"]
    assert "madf/table1" in ids(compose([tmp_path], "madf", 10, 0))
    with pytest.raises(UserError, match="published=lama: expected auto, all, none, a paper or some of"):
        compose([tmp_path], ["lama"], 10, 0)


def test_every_printed_number_appears_as_printed_or_in_our_unit(tmp_path):
    evaluate(tmp_path)
    document = compose([tmp_path], "all", 10, 0)
    for source, table in zip(tables(), document.published, strict=True):
        entries = [e for block in table.blocks for line in block.lines for e in line.entries if e is not None]
        assert len(entries) == len(source.rows)
        assert sorted(e.value for e in entries) == sorted(row["value"] for row in source.rows)
        assert all(line.published and line.label.endswith("†") for block in table.blocks for line in block.lines)


def test_digits_are_as_many_as_were_printed(tmp_path):
    evaluate(tmp_path)
    table = next(t for t in compose([tmp_path], "all", 10, 0).published if t.context["published"] == "pconv/table1")
    texts = {
        block.measure: next(line for line in block.lines if line.label == "PConv †").entries[0].text
        for block in table.blocks
        if block.measure in ("psnr", "ssim", "l1")
    }
    assert texts["psnr"] == "33.75"
    assert texts["ssim"] == "0.946"
    assert texts["l1"] == "0.0049"  # printed 0.49 %


def test_a_condition_that_a_measure_shares_stands_in_its_title(tmp_path):
    evaluate(tmp_path)
    table = next(t for t in compose([tmp_path], "all", 10, 0).published if t.context["published"] == "pconv/table1")
    assert len(table.columns) == 12
    assert [block.name for block in table.blocks][-1] == "iscore, dataset ImageNet"
    blind = next(t for t in compose([tmp_path], "all", 10, 0).published if t.context["published"] == "blind/table1")
    assert [column.top for column in blind.columns] == ["Set5", "Set14", "Urban100", "BSDS500"]


def test_printed_lines_stand_below_measured_ones_of_the_same_bucket_and_border(tmp_path):
    evaluate(tmp_path, borders=("any", "clear"))
    table = compose([tmp_path], "pconv", 10, 0).sections[0].scores[0]
    (line,) = published_lines(table, "psnr")
    assert line.label == "PConv †"
    assert line.cite == "Liu et al. 2018, Table 1, Places2, 512 px"
    found = {(c.top, c.border): e.value if e else None for c, e in zip(table.columns, line.entries, strict=True)}
    assert found == {
        ("(0.01, 0.1]", "any"): 34.34,
        ("(0.01, 0.1]", "clear"): 33.75,
        ("(0.5, 0.6]", "any"): 19.04,
        ("(0.5, 0.6]", "clear"): 18.21,
        ("all", "all"): None,
    }


def test_printed_numbers_never_compete(tmp_path):
    evaluate(tmp_path)
    evaluate(tmp_path, "madf")
    section = compose([tmp_path], "auto", 10, 0).sections[0]
    for table in section.scores:
        assert not any(e and e.best for m in ("psnr", "ssim") for x in published_lines(table, m) for e in x.entries)
    best = [e.value for line in section.scores[0].blocks[0].lines for e in line.entries if e and e.best]
    assert max(best) < 34.34  # although PConv's printed number is higher


def test_printed_lines_stand_beside_whole_pictures_alone(tmp_path):
    evaluate(tmp_path)
    for table in compose([tmp_path], "auto", 10, 0).sections[0].scores:
        whole = table.context["region"] == "full" and table.main
        assert bool(published_lines(table, "psnr")) == whole


def test_printed_fid_over_all_stands_beside_fid_over_all(tmp_path):
    evaluate(tmp_path, "madf", distributions=fid([30.0]))
    table = compose([tmp_path], "madf/table1", 10, 0).sections[0].distributions[0]
    assert [(line.label, line.entries[0].value) for line in published_lines(table, "fid")] == [("MADF †", 4.45)]


def test_differences_are_named_against_each_set(tmp_path):
    evaluate(tmp_path)
    evaluate(tmp_path, "madf", size=32)
    table = compose([tmp_path], "pconv", 10, 0).published[0]
    first, second = table.notes[-2:]
    assert first.startswith("Against set 1: data Places2, here photos (test); 512 px, here ")
    assert "pictures: 12,000 pictures, each with a mask of its own" in first
    assert "here 2 per cell" in first
    assert "masks: the authors' 12,000 irregular test masks" in first
    assert "here frozen set ffffffffffff" in first
    assert "protocol: l1 in per cent" in first
    assert first.endswith("here standard.")
    assert second.startswith("Against set 2")
