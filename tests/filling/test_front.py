import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.filling.settings import STRATEGIES
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.classical import MeanColor
from inpaintlab.models.pconv import PConv
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


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("make", [MeanColor, lambda: PConv(levels=3, width=8, perceptual=0, style=0).eval()])
def test_the_size_of_the_batch_changes_no_bit(make, strategy):
    """A picture is filled alone whatever lies beside it; one that is all known comes back as it was."""
    torch.manual_seed(0)
    model = make()
    images = torch.rand(3, 3, 40, 48)
    holes = torch.zeros(3, 1, 40, 48, dtype=torch.bool)
    holes[0, :, :4], holes[1, :, 18:, 5:30] = True, True
    filled = inpaintlab.fill(model, images, holes, strategy)
    for index in range(3):
        assert torch.equal(filled[index], inpaintlab.fill(model, images[index], holes[index], strategy))
        assert torch.equal(filled[index, :, ~holes[index, 0]], images[index, :, ~holes[index, 0]])
    assert not torch.equal(filled[1], images[1])


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
