import numpy as np
import pytest
import torch

from inpaintlab.filling.holes import width_of
from inpaintlab.filling.scales import SEAM, fill_scales, reduce, share_of_deep
from tests.filling.toy import hole_of, picture


def test_a_reduced_pixel_is_the_mean_of_what_is_known():
    image = torch.tensor([[1.0, 3.0], [5.0, 100.0]]).view(1, 1, 2, 2)
    hole = torch.tensor([[False, False], [False, True]]).view(1, 1, 2, 2)
    small, small_hole = reduce(image, hole)
    assert small.item() == 3
    assert not small_hole.item()
    hole[0, 0, 0] = True
    small, small_hole = reduce(image, hole)
    assert small.item() == 5
    assert small_hole.item()  # a quarter is known: half or less


def test_odd_sides_are_reduced_too():
    small, small_hole = reduce(picture(7, 9), hole_of((2, 2, 4, 4), height=7, width=9))
    assert small.shape == (1, 3, 4, 5)
    assert small_hole.shape == (1, 1, 4, 5)


def test_the_weight_of_the_deep_answer():
    share = share_of_deep(hole_of((0, 0, 1, 64), height=1))[0, 0]
    assert share.shape == (1, 64)
    hole = torch.ones(1, 1, 1, 64, dtype=torch.bool)
    hole[..., 0] = False
    share = share_of_deep(hole)[0, 0, 0]
    assert (share[: int(SEAM / 2) + 1] == 0).all()
    assert share[int(SEAM)].item() == pytest.approx(0.5)
    assert (share[int(1.5 * SEAM) :] == 1).all()


def test_near_the_known_pixels_the_full_size_answers_and_deep_inside_the_smallest():
    sizes = []

    def paint(image, hole):
        sizes.append(image.shape[-1])
        return torch.where(hole, image.shape[-1] / 1000, image)

    image, hole = picture(160, 160), hole_of((20, 20, 140, 140), height=160, width=160)
    completed = fill_scales(paint, image, hole, 3, 100)
    assert sizes == [40, 80, 160]
    assert completed[0, 0, 21, 80].item() == pytest.approx(0.160)
    assert completed[0, 0, 80, 80].item() == pytest.approx(0.040)
    assert torch.equal(completed[~hole.expand_as(image)], image[~hole.expand_as(image)])


def test_only_the_smallest_size_is_painted_with_all_around():
    sizes = []

    def paint(image, hole):
        sizes.append(tuple(image.shape[-2:]))
        return torch.where(hole, 0.5, image)

    image, hole = picture(160, 200), hole_of((61, 90, 91, 131), height=160, width=200)
    completed = fill_scales(paint, image, hole, 2, 8)
    assert sizes == [(80, 100), (47, 57)]  # the upper left is a whole pixel of the smaller size
    assert completed[hole.expand_as(image)].allclose(torch.tensor(0.5))
    assert torch.equal(completed[~hole.expand_as(image)], image[~hole.expand_as(image)])


def test_what_is_enlarged_lies_where_it_belongs():
    """A slope goes on through the hole at both sizes, wherever the part that is painted begins."""
    image = torch.linspace(0, 1, 240).expand(1, 3, 200, 240).clone()
    small = image.view(1, 3, 100, 2, 120, 2).mean((3, 5))
    for left in (81, 82, 83):
        hole = hole_of((60, left, 140, left + 77), height=200, width=240)
        completed = fill_scales(lambda seen, hole: small if seen.shape == small.shape else seen, image, hole, 2, 9)
        assert (completed - image).abs().max() < 1e-5


def test_a_picture_that_vanishes_is_filled_as_far_as_it_goes():
    image, hole = picture(4, 4), hole_of((0, 0, 4, 3), height=4, width=4)
    assert fill_scales(lambda image, hole: torch.where(hole, 0.0, image), image, hole, 9, 2).isfinite().all()


def test_the_width_of_a_hole_is_that_of_the_largest_disc():
    hole = np.zeros((60, 60), bool)
    assert width_of(hole) == 0
    hole[20:30, 5:55] = True
    assert abs(width_of(hole) - 10) <= 2
