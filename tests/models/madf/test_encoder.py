import pytest
import torch

from inpaintlab.models.madf.encoder import Encoder, PartialLevel
from tests.models.madf.unfold import use_unfold

WIDTHS, UP = (4, 8, 16), (8, 16, 32)


def inputs(size=32, dtype=torch.float32):
    torch.manual_seed(0)
    known = (torch.rand(2, 1, size, size) > 0.5).to(dtype)
    return torch.randn(2, 3, size, size, dtype=dtype) * known, known


def make(kind):
    torch.manual_seed(0)
    return Encoder(kind, WIDTHS, UP, channels=3, mask_channels=5)


@pytest.mark.parametrize("kind", ["madf", "gconv", "pconv"])
def test_shapes(kind):
    picture, known = inputs()
    first, *encoded = make(kind)(picture, known)
    assert torch.equal(first, torch.cat([picture, known, known, known], 1))
    assert [tuple(u.shape) for u in encoded] == [(2, 8, 16, 16), (2, 16, 8, 8), (2, 32, 4, 4)]
    assert all((u >= 0).all() and (u > 0).any() for u in encoded)


@pytest.mark.parametrize("kind", ["madf", "gconv", "pconv"])
def test_kernels_of_figure_3(kind):
    sizes = [
        {p.shape[-1] for p in level.parameters() if p.ndim >= 4} for level in Encoder(kind, *[[8] * 5] * 2, 3, 5).levels
    ]
    assert sizes == [{7}, {5}, {3}, {3}, {3}]


@pytest.mark.parametrize("kind", ["madf", "gconv", "pconv"])
def test_reads_the_mask(kind):
    picture, known = inputs()
    encoder = make(kind)
    other = encoder(picture, known.flip(3))
    assert all(not torch.equal(a, b) for a, b in zip(encoder(picture, known), other, strict=True))


def test_dynamic_encoder_equals_the_definition():
    """All levels in a chain: both the features and the mask features are handed down."""
    picture, known = inputs(dtype=torch.double)
    encoder = make("madf").double()
    ours = encoder(picture, known)
    for mine, theirs in zip(ours, use_unfold(encoder)(picture, known), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_gate_weighs_the_features():
    level = make("gconv").levels[0]
    features = torch.randn(1, 6, 8, 8)
    expected = level.feature(features).clamp(min=0) / (1 + (-level.gate(features)).exp())
    torch.testing.assert_close(level(features, None)[0], expected)


def test_partial_level_follows_the_rule():
    """3 x 3 window of ones with one known pixel of value x: 9 x; nothing known: 0, and a hole afterwards."""
    level = PartialLevel(1, 1, 3)
    level.conv.weight.data.fill_(1)
    level.conv.bias.data.fill_(0)
    known = torch.zeros(1, 1, 8, 8)
    known[..., 0, 0] = 1
    features, after = level(2 * known, known)
    assert torch.equal(after, torch.zeros(1, 1, 4, 4).index_put((*[torch.tensor(0)] * 4,), torch.tensor(1.0)))
    assert torch.equal(features, 18 * after)
