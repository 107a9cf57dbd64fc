import numpy as np
import pytest

from inpaintlab.filling.plan import count_scales, describe, list_crops


def hole_of(width, length=None, side=4000):
    hole = np.zeros((side, side), bool)
    hole[side // 2 : side // 2 + width, side // 2 : side // 2 + (length or width)] = True
    return hole


@pytest.mark.parametrize(
    ("width", "trained", "scales"), [(10, 64, 1), (32, 64, 1), (33, 64, 2), (660, 64, 6), (660, 256, 4), (660, None, 1)]
)
def test_the_hole_is_no_wider_than_half_the_training_size_at_the_smallest_scale(width, trained, scales):
    assert count_scales(width, trained) == scales


@pytest.mark.parametrize(("width", "side"), [(10, 10 + 128), (100, 300), (300, 300 + 512)])
def test_a_method_sees_as_much_around_as_the_hole_is_wide_from_64_to_256(width, side):
    [crop] = list_crops(hole_of(width), None)
    assert (crop.seen.height, crop.seen.width) == (side, side)


@pytest.mark.parametrize(
    ("width", "trained", "side"), [(10, 256, 256), (128, 256, 256), (130, 256, 512), (20, 64, 148)]
)
def test_a_network_sees_a_picture_of_its_training_size_at_the_smallest_scale(width, trained, side):
    [crop] = list_crops(hole_of(width), trained)
    assert (crop.seen.height, crop.seen.width) == (side, side)


def test_a_long_hole_has_no_more_around_it_than_a_short_one():
    [crop] = list_crops(hole_of(20, 900), None)
    assert (crop.seen.height, crop.seen.width) == (20 + 128, 900 + 128)


def test_the_line_says_what_was_chosen_and_why():
    assert describe(list_crops(hole_of(20), None), None) == "hole 20 px wide, a method without training: 1 crop"
    two = hole_of(20) | np.roll(hole_of(700), -1700, 0)
    told = describe(list_crops(two, 256), 256)
    assert told == "hole 700 px wide, model trained at 256 px: 2 crops, up to 4 scales"
