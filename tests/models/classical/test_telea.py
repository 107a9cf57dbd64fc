import pytest
import torch

from inpaintlab.models.classical import Telea


@pytest.mark.parametrize("channels", [1, 3])
def test_a_hole_in_one_colour_takes_it_and_known_pixels_stay(channels):
    torch.manual_seed(0)
    colour = torch.tensor([0.2, 0.6, 1.0])[:channels].view(1, channels, 1, 1)
    image = colour.expand(2, channels, 20, 24).clone()
    image[1] = torch.rand(channels, 20, 24)
    known = torch.ones(2, 1, 20, 24)
    known[..., 8:12, 5:15] = 0
    prediction = Telea().inpaint(image * known, known)
    assert prediction.shape == image.shape
    torch.testing.assert_close(prediction[:1], image[:1], atol=3 / 255, rtol=0)  # OpenCV's rounding
    assert torch.equal(prediction * known, image * known)


def test_the_truth_under_the_hole_is_not_seen():
    known = torch.ones(1, 1, 16, 16)
    known[..., 4:9, 4:9] = 0
    image = torch.rand(1, 3, 16, 16)
    other = torch.where(known > 0, image, torch.rand(1, 3, 16, 16))
    assert torch.equal(Telea().inpaint(image * known, known), Telea().inpaint(other * known, known))


def test_the_radius_is_used():
    torch.manual_seed(0)
    known = torch.ones(1, 1, 32, 32)
    known[..., 8:24, 8:24] = 0
    image = torch.rand(1, 1, 32, 32) * known
    assert not torch.equal(Telea(radius=2).inpaint(image, known), Telea(radius=9).inpaint(image, known))


def test_nothing_known_is_mid_grey():
    prediction = Telea().inpaint(torch.zeros(1, 3, 12, 12), torch.zeros(1, 1, 12, 12))
    torch.testing.assert_close(prediction, torch.full((1, 3, 12, 12), 128 / 255))
