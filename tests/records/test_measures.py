import pytest

from inpaintlab.metrics import distributions
from inpaintlab.records.measures import (
    MEASURES,
    best_of,
    column_title,
    columns_of,
    measure_of,
    usual_words,
    watched_columns,
    words_of,
)


def test_words_by_which_measures_are_asked_for():
    assert words_of("picture", "set") == (
        *("psnr", "ssim", "l1", "ms_ssim", "gmsd", "lpips"),
        *("fid", "kid", "inception_score", "ids"),
    )
    assert usual_words() == ("psnr", "ssim", "l1", "gmsd")
    assert watched_columns() == ("psnr", "ssim", "l1", "psnr_hole", "ssim_hole", "l1_hole")


def test_every_measure_of_sets_is_computed():
    assert columns_of("set") == distributions.NAMES


@pytest.mark.parametrize(
    ("column", "name", "region"),
    [
        ("psnr", "psnr", "full"),
        ("l1_hole", "l1", "hole"),
        ("ssim_boundary", "ssim", "boundary"),
        ("p_ids", "p_ids", "full"),
    ],
)
def test_a_column_tells_measure_and_region(column, name, region):
    assert measure_of(column) == (MEASURES[name], region)


@pytest.mark.parametrize("column", ["fid_hole", "seed", "psnr_full", "identical"])
def test_other_columns_are_no_measures(column):
    assert measure_of(column) is None
    assert column_title(column) == column


def test_titles_show_the_better_side():
    assert column_title("psnr") == "PSNR (dB) ↑"
    assert column_title("l1_hole") == "L1, hole ↓"


def test_the_best_is_by_the_better_side_and_needs_two():
    rows = [{"psnr": 20.0, "l1": 0.1, "seed": 3}, {"psnr": 30.0, "l1": 0.2, "seed": 4}, {"psnr": None}]
    assert best_of("psnr", rows) == 30
    assert best_of("l1", rows) == 0.1
    assert best_of("seed", rows) is None
    assert best_of("psnr", rows[:1]) is None


def test_values_have_their_decimals():
    assert MEASURES["psnr"].text(20.126) == "20.13"
    assert MEASURES["kid"].text(0.0123456) == "0.01235"
    assert MEASURES["psnr"].text(float("inf")) == "∞"
