"""The papers' tables: layout, units, numbers typed a second time from the papers, and what the papers repeat."""

import inspect
from collections import defaultdict

import pytest

from inpaintlab.records.measures import MEASURES
from inpaintlab.records.published import UNITS, PublishedTable, papers, tables

BUCKETS = [[0.01, 0.1], [0.1, 0.2], [0.2, 0.3], [0.3, 0.4], [0.4, 0.5], [0.5, 0.6]]
COUNTS = {
    "pconv/table1": 4 * 5 * 12,  # measures x methods x (6 buckets x N, B)
    "madf/table1": 3 * 9 * 8,  # measures x methods x (6 buckets, ALL, Regular)
    "madf/table2": 8 * 3,
    "madf/table3": 3 * 3,
    "madf/table4": 7 * 3,
    "blind/table1": 4 * 4 * 2,  # sets x methods x PSNR, SSIM
    "blind/table2": 4,
    "blind/table3": 4 * 5 * 2,
}
RANGES = {
    "psnr": (15, 40),
    "ssim": (0.4, 1),
    "l1": (0.001, 0.2),
    "fid": (1, 100),
    "iscore": (0, 10),
    "seconds": (0.001, 1000),
    "flops": (1e10, 2e11),
}
EVERY = [(table.id, row) for table in tables() for row in table.rows]


def value(table, method, measure, bucket=None, border=None, **condition):
    """Return the one value of that place in the table."""
    place = {"method": method, "measure": measure, "bucket": bucket, "border": border, "condition": condition}
    (row,) = [row for identity, row in EVERY if identity == table and place.items() <= row.items()]
    return row["value"]


def test_every_table_is_there_with_every_number():
    assert {table.id: len(table.rows) for table in tables()} == COUNTS


def test_no_place_is_filled_twice():
    place = ("method", "bucket", "border", "condition", "measure")
    places = [(identity, *(str(row[key]) for key in place)) for identity, row in EVERY]
    assert len(set(places)) == len(places)


def test_schema():
    for table in tables():
        assert isinstance(table, PublishedTable)
        texts = (table.id, table.paper, table.number, table.title, table.dataset, table.pictures, table.masks)
        assert all(isinstance(text, str) and text for text in (*texts, table.protocol, table.notes))
        assert table.bibkey
        assert table.source.startswith("https://")
        assert table.size in (None, 256, 512)
    keys = {"method", "bucket", "border", "condition", "measure", "value", "printed", "unit_printed"}
    for _, row in EVERY:
        assert row.keys() == keys
        assert row["bucket"] in [*BUCKETS, "all", "regular", None]
        assert row["border"] in ("any", "touch", "clear", "free", None)
        assert row["measure"] in RANGES
        assert isinstance(row["method"], str)
        assert all(isinstance(item, str) for pair in row["condition"].items() for item in pair)


def test_our_measures_have_our_names():
    assert {row["measure"] for _, row in EVERY} - MEASURES.keys() == {"iscore", "seconds", "flops"}


def test_values_are_the_printed_ones_in_our_unit():
    for _, row in EVERY:
        assert row["value"] == pytest.approx(float(row["printed"]) * float(UNITS[row["unit_printed"]]), rel=1e-12)
        low, high = RANGES[row["measure"]]
        assert low <= row["value"] <= high, row


def test_papers_without_numbers_say_why():
    empty = {paper.paper: paper.notes for paper in papers() if not paper.tables}
    assert len(papers()) == 5
    assert "no table and no numbers" in empty.pop("Yeh et al. 2016")
    (notes,) = empty.values()
    assert "No published number can be quoted" in notes


def test_the_text_that_readers_see_is_in_lines():
    for paper in papers():
        for part in (paper, *paper.tables):
            fields = [name for name in inspect.signature(type(part)).parameters if name not in ("tables", "rows")]
            assert all("\n" not in str(getattr(part, name)) for name in fields)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        # PConv, Table 1: the row of the method, N (clear) or B (free)
        (("pconv/table1", "PM", "l1", [0.01, 0.1], "clear"), 0.0045),
        (("pconv/table1", "GL", "l1", [0.3, 0.4], "free"), 0.0677),
        (("pconv/table1", "PConv", "l1", [0.5, 0.6], "free"), 0.0572),
        (("pconv/table1", "Conv", "l1", [0.4, 0.5], "clear"), 0.0458),
        (("pconv/table1", "PM", "psnr", [0.1, 0.2], "free"), 27.51),
        (("pconv/table1", "GnIpt", "psnr", [0.2, 0.3], "clear"), 20.58),
        (("pconv/table1", "Conv", "psnr", [0.5, 0.6], "clear"), 18.24),
        (("pconv/table1", "PConv", "psnr", [0.01, 0.1], "free"), 34.34),
        (("pconv/table1", "GL", "ssim", [0.5, 0.6], "free"), 0.440),
        (("pconv/table1", "PConv", "ssim", [0.2, 0.3], "clear"), 0.775),
        # MADF, Table I: the block of the measure, the row of the method
        (("madf/table1", "PM", "psnr", [0.01, 0.1], "any"), 32.28),
        (("madf/table1", "GConv", "psnr", "regular"), 19.11),
        (("madf/table1", "StructureFlow", "psnr", "all", "any"), 25.77),
        (("madf/table1", "PEN-Net", "ssim", [0.4, 0.5], "any"), 0.6456),  # four digits there too
        (("madf/table1", "CA", "ssim", [0.5, 0.6], "any"), 0.511),
        (("madf/table1", "EC", "fid", "regular"), 10.87),
        (("madf/table1", "LBAM", "fid", [0.3, 0.4], "any"), 22.25),
        (("madf/table1", "MADF", "fid", "all", "any"), 4.45),
        # MADF, Tables II and IV
        (("madf/table2", "GConv+K0", "ssim", "all", "any"), 0.863),
        (("madf/table2", "MADF+K3 PN", "psnr", "all", "any"), 26.16),
        (("madf/table2", "MADF+K1", "fid", "all", "any"), 5.23),
        (("madf/table4", "EC", "flops", "all", "any"), 122_670_000_000),
        (("madf/table4", "PConv+K0", "flops", "all", "any"), 18_950_000_000),
        (("madf/table4", "CA", "fid", "all", "any"), 15.84),
        (("blind/table2", "EPLL", "seconds"), 816.21),
    ],
)
def test_numbers_typed_a_second_time(place, expected):
    assert value(*place) == expected


@pytest.mark.parametrize(
    ("place", "condition", "expected"),
    [
        # PConv, Table 1, the last block
        (("pconv/table1", "PM", "iscore", [0.4, 0.5], "clear"), {"dataset": "ImageNet"}, 2.724),
        (("pconv/table1", "PConv", "iscore", [0.1, 0.2], "free"), {"dataset": "ImageNet"}, 0.109),
        # MADF, Table III
        (("madf/table3", "MADF+K2 PN", "psnr", "all", "any"), {"supervision": "None"}, 25.97),
        (("madf/table3", "MADF+K2 PN", "fid", "all", "any"), {"supervision": "Same"}, 4.84),
        # Blind, Table 1: FoE 28.1612/0.9741 on Urban100, ...; Table 3
        (("blind/table1", "FoE", "psnr"), {"dataset": "Urban100"}, 28.1612),
        (("blind/table1", "EPLL", "ssim"), {"dataset": "Set14"}, 0.9393),
        (("blind/table1", "ShCNN", "psnr"), {"dataset": "BSDS500"}, 20.2782),
        (("blind/table3", "Net-E64+GP+Net-E+L1", "psnr"), {"dataset": "Set14"}, 30.1323),
        (("blind/table3", "Net-D+Net-E+L1", "psnr"), {"dataset": "Urban100"}, 32.8506),
        (("blind/table3", "Net-D+GP+Net-E+L2", "ssim"), {"dataset": "BSDS500"}, 0.9407),
    ],
)
def test_numbers_with_a_condition_typed_a_second_time(place, condition, expected):
    assert value(*place, **condition) == expected


def series(table, measure, border):
    """Return {method: the values of the six buckets}."""
    found = defaultdict(list)
    for identity, row in EVERY:
        if (identity, row["measure"], row["border"]) == (table, measure, border) and row["bucket"] in BUCKETS:
            found[row["method"]].append((row["bucket"], row["value"]))
    return {method: [value for _, value in sorted(pairs)] for method, pairs in found.items()}


@pytest.mark.parametrize(
    ("table", "measures", "borders", "methods"),
    [
        ("pconv/table1", ("l1", "psnr", "ssim", "iscore"), ("clear", "free"), 5),
        ("madf/table1", ("psnr", "ssim", "fid"), ("any",), 9),
    ],
)
def test_larger_holes_are_harder(table, measures, borders, methods):
    for measure in measures:
        for border in borders:
            found = series(table, measure, border)
            assert len(found) == methods
            for values in found.values():
                assert len(values) == 6
                assert values == sorted(values, reverse=measure in ("psnr", "ssim"))
                assert len(set(values)) == 6


def test_madf_all_is_the_mean_of_the_buckets():
    """2,000 pictures in each bucket; the rounded numbers leave 0.01 dB, 0.001. StructureFlow's differ in the paper."""
    for measure, tolerance in (("psnr", 0.01), ("ssim", 0.001)):
        for method, values in series("madf/table1", measure, "any").items():
            total = value("madf/table1", method, measure, "all", "any")
            agrees = sum(values) / 6 == pytest.approx(total, abs=tolerance)
            assert agrees is (method != "StructureFlow"), (method, measure)


def test_best_of_madf_table_1_is_where_it_is_bold():
    """Ours in every column, except FID Regular: StructureFlow's 8.24."""
    for measure, best in (("psnr", max), ("ssim", max), ("fid", min)):
        for bucket in [*BUCKETS, "all", "regular"]:
            column = {
                row["method"]: row["value"]
                for identity, row in EVERY
                if (identity, row["measure"], row["bucket"]) == ("madf/table1", measure, bucket)
            }
            winner = "StructureFlow" if (measure, bucket) == ("fid", "regular") else "MADF"
            assert best(column, key=column.get) == winner


def test_what_madf_repeats_agrees():
    """Table IV quotes Tables I (ALL) and II; the best of Tables II and III are Ours of Table I."""
    place = ("all", "any")
    for measure in ("psnr", "fid"):
        for method in ("LBAM", "GConv", "EC", "CA"):
            quoted = value("madf/table4", method, measure, *place)
            assert quoted == value("madf/table1", method, measure, *place)
        for quoted, method in (("PConv+K0",) * 2, ("MADF+K0",) * 2, ("MADF+K2+PN", "MADF+K2 PN")):
            assert value("madf/table4", quoted, measure, *place) == value("madf/table2", method, measure, *place)
    for measure in ("psnr", "ssim", "fid"):
        ours = value("madf/table1", "MADF", measure, *place)
        assert value("madf/table2", "MADF+K2 PN", measure, *place) == ours
        assert value("madf/table3", "MADF+K2 PN", measure, *place, supervision="Coarse-to-fine") == ours


def test_what_blind_repeats_agrees():
    """The whole network of Table 3 is Ours of Table 1, and the best of Table 3 throughout."""
    for dataset in ("Set5", "Set14", "Urban100", "BSDS500"):
        for measure in ("psnr", "ssim"):
            ours = value("blind/table1", "Blind", measure, dataset=dataset)
            assert value("blind/table3", "Net-D+GP+Net-E+L1", measure, dataset=dataset) == ours
            rows = [row for identity, row in EVERY if (identity, row["measure"]) == ("blind/table3", measure)]
            assert max(row["value"] for row in rows if row["condition"]["dataset"] == dataset) == ours
