import numpy as np
import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.rule import Rule


def hole_of(count, size=(10, 10)):
    hole = np.zeros(size, bool)
    hole.flat[:count] = True
    return hole


@pytest.mark.parametrize(("count", "inside"), [(10, False), (11, True), (20, True), (21, False)])
def test_interval_is_open_below_and_closed_above(count, inside):
    # (0.1, 0.2] of 100 pixels: 11 to 20
    assert Rule((0.1, 0.2)).holds(hole_of(count)) == inside


def test_counts_survive_floating_point():
    # 0.29 * 100 is 28.999999999999996; share 29/100 must lie below (0.29, 0.3] and within (0.2, 0.29]
    assert Rule((0.29, 0.3)).counts((10, 10)) == (30, 30)
    assert Rule((0.2, 0.29)).counts((10, 10)) == (21, 29)


@pytest.mark.parametrize(("count", "inside"), [(0, False), (1, True), (99, True), (100, False)])
def test_without_ratio_something_is_hole_and_something_known(count, inside):
    assert Rule().holds(hole_of(count)) == inside


def test_even_a_ratio_up_to_one_leaves_a_known_pixel():
    assert Rule((0.5, 1)).counts((10, 10)) == (51, 99)


@pytest.mark.parametrize(("row", "clear"), [(1, False), (2, True), (7, True), (8, False)])
def test_clear_leaves_distance_known_pixels_and_touch_is_its_opposite(row, clear):
    # 10 rows, distance 2: rows 0, 1 and 8, 9 are near the border
    hole = np.zeros((10, 20), bool)
    hole[row, 10] = True
    assert Rule(border="clear", distance=2).holds(hole) == clear
    assert Rule(border="touch", distance=2).holds(hole) != clear
    assert Rule(border="any", distance=2).holds(hole)


@pytest.mark.parametrize(("size", "margin"), [((512, 512), 50), ((256, 512), 25), ((64, 64), 6), ((4, 4), 1)])
def test_default_distance_scales_with_the_shorter_side(size, margin):
    # 50/512 of the shorter side: 25, 6.25, 0.39 (at least 1)
    assert Rule().margin(size) == margin


def test_targets_have_room():
    rng = np.random.default_rng(0)
    rule = Rule((0.5, 0.7), "clear", 1)  # 8 x 8 of 10 x 10 may be hole: 51 to 64
    targets = {rule.target((10, 10), rng) for _ in range(500)}
    assert targets == set(range(51, 65))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": (0.3, 0.2)}, r"ratio=\[0.3, 0.2\]: expected \[low, high\]"),
        ({"ratio": (0.3,)}, r"ratio=\[0.3\]: expected"),
        ({"ratio": (0.1, 1.2)}, r"ratio=\[0.1, 1.2\]: expected"),
        ({"border": "none"}, "border=none: expected any, clear, touch or free"),
        ({"distance": 0}, "border_distance=0: expected at least 1"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Rule(**arguments)


def test_refuses_a_picture_without_room():
    # distance 3 leaves 4 x 4 = 16 of 100 pixels
    with pytest.raises(UserError, match=r"mask Center: .*border=clear \(3 px\) is impossible at 10x10.*room for 16"):
        Rule((0.2, 0.3), "clear", 3).check_size((10, 10), "Center")
    with pytest.raises(UserError, match="wants 1 to 0 hole pixels"):
        Rule((0.001, 0.005)).check_size((10, 10), "Center")  # no whole pixel lies in between
