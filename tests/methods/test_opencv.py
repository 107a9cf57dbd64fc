"""Telea and Navier-Stokes, which are OpenCV's."""

import cv2
import numpy as np
import pytest
import torch

from inpaintlab.models.classical import NavierStokes, Telea

METHODS = [(Telea, cv2.INPAINT_TELEA), (NavierStokes, cv2.INPAINT_NS)]


@pytest.mark.parametrize(("method", "flag"), METHODS)
@pytest.mark.parametrize("radius", [1, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_away_from_the_border_it_is_opencvs(method, flag, radius, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 30, 34, channels), dtype=np.uint8)
    hole = np.zeros((30, 34), np.uint8)
    hole[8:15, 6:20] = hole[12:22, 24:27] = 1
    expected = np.stack([cv2.inpaint(picture, hole, radius, flag).reshape(30, 34, channels) for picture in pixels])
    image = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    known = 1 - torch.from_numpy(hole).float().expand(2, 1, -1, -1)
    filled = method(radius).inpaint(image * known, known).mul(255).round().byte().permute(0, 2, 3, 1)
    assert np.array_equal(filled.numpy(), expected)


@pytest.mark.parametrize("method", [Telea, NavierStokes])
@pytest.mark.parametrize(("height", "width"), [(20, 24), (1, 24), (20, 1)])
def test_a_hole_in_one_colour_takes_it_up_to_the_border(method, height, width):
    image = torch.tensor([0.2, 0.6, 1.0]).view(1, 3, 1, 1).expand(1, 3, height, width)
    known = torch.ones(1, 1, 20, 24)
    known[..., :12, 5:15] = known[..., 10:, :4] = known[..., 18:, 20:] = 0
    known = known[..., :height, :width]
    filled = method().inpaint(image * known, known)
    torch.testing.assert_close(filled, image, atol=9 / 255, rtol=0)  # Telea's rounding


@pytest.mark.parametrize("method", [Telea, NavierStokes])
def test_the_radius_is_used(method):
    torch.manual_seed(0)
    known = torch.ones(1, 1, 32, 32)
    known[..., 8:24, 8:24] = 0
    image = torch.rand(1, 1, 32, 32) * known
    assert not torch.equal(method(radius=1).inpaint(image, known), method(radius=9).inpaint(image, known))
