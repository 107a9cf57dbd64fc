from itertools import pairwise

import pytest

from inpaintlab.report.drawing import at_least_2_db, new_figure, spread_out, write_name


def test_names_move_apart_and_no_further():
    assert spread_out([1.0, 5.0], 1.0) == [1.0, 5.0]
    assert spread_out([5.0, 5.0], 1.0) == [4.5, 5.5]
    assert spread_out([0.0, 0.1, 0.2, 9.0], 1.0) == pytest.approx([-0.9, 0.1, 1.1, 9.0])
    moved = sorted(spread_out([3.0, 1.0, 1.2, 1.9, 3.1], 0.5))
    assert all(b - a >= 0.5 - 1e-9 for a, b in pairwise(moved))


def test_a_trifle_is_no_cliff():
    assert at_least_2_db((20.0, 20.1)) == pytest.approx((19.05, 21.05))
    assert at_least_2_db((10.0, 30.0)) == (10.0, 30.0)


def test_of_long_names_the_ends_are_told_apart():
    _, axis = new_figure()
    for number, model in enumerate(("pconv", "madf")):
        write_name(axis, f"all_models_by_ratio-brief/{model}_64", 0, number, number)
    names = [text.get_text() for text in axis.texts]
    assert [name.rpartition("/")[2] for name in names] == ["pconv_64", "madf_64"]
    assert all(len(name) <= 22 for name in names)
