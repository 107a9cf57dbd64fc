import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.padded_conv import PaddedConv2d


def by_hand(row, kernel, before, stride, dilation=1):
    """One row, zeros beyond its ends; the first window begins ``before`` pixels before the row."""
    count = -(-len(row) // stride)
    value = lambda place: row[place] if 0 <= place < len(row) else 0.0  # noqa: E731
    return [
        sum(weight * value(i * stride - before + k * dilation) for k, weight in enumerate(kernel)) for i in range(count)
    ]


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "length", "same", "torch_"),
    [
        (3, 2, 1, 8, 0, 1),  # an even side: nothing before, one behind
        (5, 2, 1, 8, 1, 2),
        (3, 2, 1, 7, 1, 1),  # an odd side: no shift
        (5, 2, 1, 7, 2, 2),
        (3, 1, 1, 8, 1, 1),
        (5, 1, 1, 8, 2, 2),
        (3, 1, 4, 9, 4, 4),
        (3, 2, 1, 1, 1, 1),
    ],
)
def test_rules(kernel, stride, dilation, length, same, torch_):
    """A row against a plain loop; columns by turning the picture."""
    rng = np.random.RandomState(0)
    row, weights = rng.standard_normal(length), rng.standard_normal(kernel)
    for rule, before in (("tf_same", same), ("torch", torch_)):
        layer = PaddedConv2d(1, 1, kernel, stride, dilation, rule).double()
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        layer.weight.data[0, 0, kernel // 2] = torch.from_numpy(weights)
        expected = by_hand(row, weights, before, stride, dilation)
        picture = torch.from_numpy(row)[None, None, None]
        with torch.no_grad():
            np.testing.assert_allclose(layer(picture)[0, 0, 0].numpy(), expected, atol=1e-12)
            layer.weight.data = layer.weight.data.mT.contiguous()
            np.testing.assert_allclose(layer(picture.mT)[0, 0, :, 0].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (4, 1), (1, 4)])
def test_the_gradient_of_one_pixel_in_bfloat16_reads_no_stale_memory(size):
    """It did on CPUs with AMX: taps that see nothing but padding got what lay there before, here NaN."""
    layer, features = PaddedConv2d(16, 16, 5, 2), torch.randn(8, 16, *size)
    layer(features).sum().backward()
    expected = layer.weight.grad.clone()
    for _ in range(5):
        layer.zero_grad()
        stale = [torch.full((1 << power,), torch.nan) for power in range(6, 21) for _ in range(4)]
        del stale
        with torch.autocast("cpu", torch.bfloat16):
            answer = layer(features)
        answer.float().sum().backward()
        torch.testing.assert_close(layer.weight.grad, expected, rtol=0.02, atol=0.2)


def test_reflect_mirrors_without_the_edge():
    layer = PaddedConv2d(1, 1, 3, 2, rule="reflect").double()
    torch.nn.init.zeros_(layer.bias)
    picture = torch.randn(1, 1, 6, 6, dtype=torch.float64)
    mirrored = torch.nn.functional.pad(picture, (1, 1, 1, 1), mode="reflect")
    torch.testing.assert_close(layer(picture), torch.nn.functional.conv2d(mirrored, layer.weight, None, 2))


def test_size_is_divided_by_the_stride_and_rounded_up():
    for rule in ("tf_same", "torch", "reflect"):
        assert PaddedConv2d(1, 2, 5, 2, rule=rule)(torch.zeros(1, 1, 7, 12)).shape == (1, 2, 4, 6)


def test_refuses():
    with pytest.raises(UserError, match=r"padding=same: expected tf_same \| torch \| reflect"):
        PaddedConv2d(1, 1, 3, rule="same")
    with pytest.raises(UserError, match="padding=reflect: features of 8x20 px cannot be mirrored by 16 px"):
        PaddedConv2d(1, 1, 3, dilation=16, rule="reflect")(torch.zeros(1, 1, 8, 20))
