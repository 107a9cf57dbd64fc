import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.classical import MeanColor
from tests.training.callbacks.toy import Toy


def scene(height=21, width=34):
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 7 % 256, y * 11 % 256, (x + y) * 4 % 256], -1).astype(np.uint8)
    hole = np.zeros((height, width), bool)
    hole[4:9, 5:20] = True
    return picture, hole


def test_the_mean_of_what_is_known():
    picture, hole = scene()
    filled = inpaintlab.fill(MeanColor(), picture, hole)
    assert np.array_equal(filled[~hole], picture[~hole])
    mean = picture[~hole].astype(float).mean(0).round()
    assert (filled[hole] == mean).all()


def test_all_types_are_filled_alike():
    picture, hole = scene()
    expected = inpaintlab.fill(MeanColor(), picture, hole)
    pil = inpaintlab.fill(MeanColor(), Image.fromarray(picture), Image.fromarray(hole))
    tensor = inpaintlab.fill(MeanColor(), torch.from_numpy(picture).permute(2, 0, 1), torch.from_numpy(hole))
    floats = inpaintlab.fill(MeanColor(), torch.from_numpy(picture).permute(2, 0, 1)[None] / 255, hole)
    assert np.array_equal(np.asarray(pil), expected)
    assert np.array_equal(tensor.permute(1, 2, 0).numpy(), expected)
    assert torch.equal((floats * 255).round().byte()[0], tensor)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_models_of_other_channels_and_sizes(channels, mode):
    """A grey model fills colours one by one, a colour model sees grey as colour; sides need not fit the network."""
    pixels, hole = scene()
    picture = Image.fromarray(pixels).convert(mode)
    filled = inpaintlab.fill(Toy(channels=channels, divisor=8), picture, hole)
    assert (filled.mode, filled.size) == (picture.mode, picture.size)
    assert np.array_equal(np.asarray(filled)[~hole], np.asarray(picture)[~hole])
    assert not np.array_equal(np.asarray(filled)[hole], np.asarray(picture)[hole])


def test_a_batch_with_a_hole_each():
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    holes = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    holes[0, :, :4], holes[1, :, 8:] = True, True
    filled = inpaintlab.fill(MeanColor(), images, holes)
    for index in range(2):
        assert torch.equal(filled[index], inpaintlab.fill(MeanColor(), images[index], holes[index]))


def test_no_hole_changes_nothing():
    picture, hole = scene()
    assert np.array_equal(inpaintlab.fill(Toy(), picture, ~hole & hole), picture)


def test_a_blind_model_is_told_no_hole():
    picture, hole = scene()
    model = BlindInpainting(width=4, convs=(1, 1, 1))
    assert inpaintlab.fill(model, picture).shape == picture.shape
    with pytest.raises(UserError, match="BlindInpainting is blind and takes none"):
        inpaintlab.fill(model, picture, hole)


def test_what_cannot_be_filled_is_told():
    picture, hole = scene()
    with pytest.raises(UserError, match="MeanColor must be told where it is"):
        inpaintlab.fill(MeanColor(), picture)
    with pytest.raises(UserError, match="covers the whole picture"):
        inpaintlab.fill(MeanColor(), picture, hole | True)
