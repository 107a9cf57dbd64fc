import numpy as np
import pytest
import torch

from inpaintlab.losses.perceptual import gram, perceptual, style


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 3, 4, 5), (2, 5, 2, 3)]
    ours, truth = ([torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes] for _ in range(2))
    return ours, truth


def loop_gram(maps):
    batch, channels, height, width = maps.shape
    matrix = np.zeros((batch, channels, channels))
    for b, p, q in np.ndindex(*matrix.shape):
        for i, j in np.ndindex(height, width):
            matrix[b, p, q] += maps[b, p, i, j] * maps[b, q, i, j] / (channels * height * width)
    return matrix


def loop_l1(a, b):
    return sum(abs(x - y) for x, y in zip(a.ravel(), b.ravel(), strict=True)) / a.size


def test_equals_a_loop(features):
    ours, truth = ([maps.numpy() for maps in side] for side in features)
    assert perceptual(*features).item() == pytest.approx(sum(map(loop_l1, ours, truth)), rel=1e-12)
    expected = sum(loop_l1(loop_gram(a), loop_gram(b)) for a, b in zip(ours, truth, strict=True))
    assert style(*features).item() == pytest.approx(expected, rel=1e-12)


def test_gram_golden():
    """Channels (1, 2) and (3, 4): products 5, 11, 25, divided by C * H * W = 4."""
    matrix = gram(torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]]))
    assert torch.equal(matrix, torch.tensor([[[1.25, 2.75], [2.75, 6.25]]]))


def test_style_does_not_see_where_things_are(features):
    maps = features[0]
    assert style([m.flip(3) for m in maps], maps).item() == pytest.approx(0, abs=1e-15)
    assert perceptual([m.flip(3) for m in maps], maps) > 0.1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_gram_is_computed_in_float32(dtype):
    """The plain sum, 64 * 64 * 30 ** 2 = 3.7e6, overflows float16; the Gram entry is 450."""
    maps = torch.full((1, 2, 64, 64), 30.0, dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        matrix = gram(maps)
        assert gram(maps.float()).dtype == torch.float32
    assert matrix.dtype == torch.float32
    torch.testing.assert_close(matrix, torch.full((1, 2, 2), 450.0))


@pytest.mark.parametrize("loss", [perceptual, style])
def test_gradcheck_and_descent(loss, features):
    ours, truth = features
    ours = [maps.requires_grad_() for maps in ours]
    assert torch.autograd.gradcheck(lambda *maps: loss(maps, truth), ours)
    first = loss(ours, truth)
    optimizer = torch.optim.SGD(ours, lr=1.0)
    for _ in range(20):
        optimizer.zero_grad()
        loss(ours, truth).backward()
        optimizer.step()
    assert loss(ours, truth) < 0.95 * first


def test_layers_must_match(features):
    with pytest.raises(ValueError, match="shorter"):
        perceptual(features[0], features[1][:1])
