import sys

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical import MeanColor, PatchMatch
from tests.helpers.wheels import needs_patchmatch


def texture(channels=3, size=64, period=8):
    """A tile of noise, repeated."""
    tile = torch.rand(1, channels, period, period, generator=torch.Generator().manual_seed(0))
    return tile.mul(255).round().div(255).repeat(1, 1, size // period, size // period)


@needs_patchmatch
@pytest.mark.parametrize("channels", [1, 3])
def test_a_periodic_texture_is_continued(channels):
    image = texture(channels)
    known = torch.ones(1, 1, 64, 64)
    known[..., 22:42, 20:44] = 0

    def error(model):
        filled = model.inpaint(image * known, known)
        return float((filled - image).abs().sum() / ((1 - known).sum() * channels))

    assert error(PatchMatch()) < error(MeanColor()) / 4


@needs_patchmatch
def test_the_seed_decides_and_is_set_for_every_picture():
    image = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    known = torch.ones(1, 1, 48, 48)
    known[..., 14:34, 14:34] = 0
    model = PatchMatch()
    first = model.inpaint(image * known, known)
    other = PatchMatch(seed=1).inpaint(image * known, known)
    assert not torch.equal(first, other)
    assert torch.equal(model.inpaint(image * known, known), first)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    with pytest.raises(UserError, match="no wheel for this machine"):
        PatchMatch()


@needs_patchmatch
def test_without_its_compiled_part(monkeypatch):
    monkeypatch.setattr("patchmatch.patchmatch_available", False)
    with pytest.raises(UserError, match="no compiled part"):
        PatchMatch()
