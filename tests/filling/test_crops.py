import cv2
import numpy as np
import pytest
import torch

from inpaintlab.filling import crops
from inpaintlab.filling.crops import Box, cut_hole, fill_crops
from tests.filling.toy import hole_of


def cut(*boxes, margin=2, **size):
    return cut_hole(hole_of(*boxes, **size)[0, 0].numpy(), lambda width: margin)


def test_a_crop_shows_the_margin_as_far_as_the_picture_goes():
    assert cut((10, 20, 14, 24)) == [(Box(10, 20, 14, 24), Box(8, 18, 16, 26), 4)]
    assert cut((0, 60, 4, 64)) == [(Box(0, 60, 4, 64), Box(0, 58, 6, 64), 8)]
    assert cut() == []


def test_the_margin_may_follow_the_width():
    hole = hole_of((10, 20, 14, 24), height=60)[0, 0].numpy()
    assert [crop.seen for crop in cut_hole(hole, lambda width: 2 * width)] == [Box(2, 12, 22, 32)]


def test_far_holes_stay_apart_and_near_ones_together():
    near = cut((10, 10, 12, 12), (10, 15, 12, 17))
    assert [crop.seen for crop in near] == [Box(8, 8, 14, 19)]
    far = cut((10, 10, 12, 12), (10, 40, 12, 42), (40, 10, 42, 12))
    assert [crop.inner for crop in far] == [(10, 10, 12, 12), (10, 40, 12, 42), (40, 10, 42, 12)]


def test_a_hole_that_is_as_wide_as_long_is_never_cut():
    disc = cv2.circle(np.zeros((1400, 1400), np.uint8), (700, 700), 600, 1, -1) > 0
    assert len(cut_hole(disc, lambda width: 50)) == 1
    assert crops.LARGEST < 1400**2


def scratch(side):
    return cv2.line(np.zeros((side, side), np.uint8), (9, 9), (side - 9, side - 9), 1, 5) > 0


def test_what_is_seen_of_a_scratch_grows_with_its_length_not_with_the_picture():
    seen = [sum(crop.area for crop in cut_hole(scratch(side), lambda width: 30)) for side in (500, 1000, 2000)]
    assert seen[1] < 2.3 * seen[0]
    assert seen[2] < 2.3 * seen[1]


def test_crops_of_a_hole_all_over_a_large_picture_are_bounded():
    dust = np.zeros((1500, 2000), bool)
    dust[::10, ::10] = True
    found = cut_hole(dust, lambda width: 30)
    assert max(crop.area for crop in found) <= crops.LARGEST
    assert sum(crop.area for crop in found) < 1.5 * dust.size


@pytest.mark.parametrize("margin", [1, 3, 8])
def test_every_pixel_of_a_hole_is_filled_exactly_once(margin):
    generator = np.random.default_rng(0)
    for _ in range(50):
        hole = generator.random((40, 50)) < generator.choice([0.002, 0.01, 0.05])
        times = np.zeros(hole.shape, int)
        for inner, seen, _ in cut_hole(hole, lambda width: margin):
            times[inner.place] += 1
            assert seen == inner.grown(margin, Box(0, 0, 40, 50))
        assert times.max(initial=0) <= 1
        assert (times[hole] == 1).all()


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_each_crop_sees_what_those_before_it_have_filled(kind):
    hole = hole_of((10, 4, 12, 60))[0, 0].numpy()
    chain = [(Box(10, 4, 12, 30), Box(8, 2, 14, 32), 2), (Box(10, 30, 12, 60), Box(8, 28, 14, 62), 2)]
    picture, left, seen = kind(np.zeros((48, 64, 3))), kind(hole.copy()), []

    def paint(crop, there):
        seen.append((tuple(crop.shape), int(there.sum()), float(crop.max())))
        return crop + len(seen)

    fill_crops(paint, picture, left, chain)
    assert seen == [((6, 30, 3), 2 * 28, 0), ((6, 34, 3), 2 * 30, 1)]
    expected = np.zeros((48, 64))
    expected[10:12, 4:30], expected[10:12, 30:60] = 1, 2
    assert np.array_equal(np.asarray(picture)[..., 0], expected)
    assert not left.any()
