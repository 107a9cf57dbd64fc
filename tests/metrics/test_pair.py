import numpy as np
import pytest
import torch

from inpaintlab.metrics.pair import eight_bit, region_masks, region_means
from tests.metrics.recomputed import band


@pytest.mark.parametrize("width", [1, 4, 9])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_the_boundary_pixel_by_pixel(width, share):
    hole = np.random.default_rng(0).random((17, 23)) < share
    masks = region_masks(torch.from_numpy(hole)[None].float(), ("full", "hole", "boundary"), width)
    assert masks.dtype == torch.float64
    assert masks[0].all()
    assert np.array_equal(masks[1].numpy() > 0, hole)
    assert np.array_equal(masks[2].numpy() > 0, band(hole, width))


def test_the_boundary_of_a_square_is_a_frame():
    hole = torch.zeros(1, 20, 20)
    hole[:, 6:14, 6:14] = 1
    frame = torch.zeros(20, 20)
    frame[4:16, 4:16] = 1
    frame[8:12, 8:12] = 0
    assert torch.equal(region_masks(hole, ("boundary",), 2)[0], frame.double())


def test_the_mean_over_no_pixels_is_not_a_number():
    values, masks = torch.rand(2, 1, 3, 4).double(), torch.zeros(3, 3, 4).double()
    masks[1, 0, 0] = 1
    found = region_means(values, masks)
    assert found[:, [0, 2]].isnan().all()
    assert torch.equal(found[:, 1], values[:, 0, 0, 0])


def test_pictures_become_the_values_of_a_file():
    assert eight_bit(torch.tensor([-0.1, 0.5, 1.2])).tolist() == [0, 128, 255]
