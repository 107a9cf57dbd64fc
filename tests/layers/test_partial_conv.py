import warnings

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from inpaintlab.layers.partial_conv import PartialConv2d


def slow_partial_conv(features, mask, weight, bias, stride, padding):
    """Equations 1 and 2, window by window, with a mask as large as the features (C, H, W); outside lies a hole."""
    k = weight.shape[-1]
    features, mask = (np.pad(array, ((0, 0), (padding, padding), (padding, padding))) for array in (features, mask))
    rows = (features.shape[1] - k) // stride + 1
    columns = (features.shape[2] - k) // stride + 1
    output = np.zeros((len(weight), rows, columns))
    updated = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = np.s_[:, i * stride : i * stride + k, j * stride : j * stride + k]
            x, m = features[window], mask[window]
            if m.sum() > 0:
                updated[i, j] = 1
                for o in range(len(weight)):
                    output[o, i, j] = (weight[o] * x * m).sum() * m.size / m.sum() + (0 if bias is None else bias[o])
    return output, updated


def random_masks(groups, size, generator):
    """Masks with a hole large enough that some windows see nothing."""
    known = (torch.rand(2, groups, *size, generator=generator) > 0.5).double()
    known[0, :, :6, :7] = 0
    return known


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("channels", [(3,), (3, 2), (2, 1, 4)])
@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 1), (3, 2), (5, 2), (7, 2)])
def test_equals_the_slow_definition(channels, kernel_size, stride, bias):
    generator = torch.Generator().manual_seed(0)
    layer = PartialConv2d(channels, 4, kernel_size, stride, bias=bias).double()
    features = torch.randn(2, sum(channels), 9, 12, generator=generator, dtype=torch.float64)
    known = random_masks(len(channels), (9, 12), generator)
    output, updated = layer(features, known)
    full_mask = known.repeat_interleave(torch.tensor(channels), dim=1)
    for b in range(2):
        expected, expected_mask = slow_partial_conv(
            features[b].numpy(),
            full_mask[b].numpy(),
            layer.weight.detach().numpy(),
            layer.bias.detach().numpy() if bias else None,
            stride,
            kernel_size // 2,
        )
        np.testing.assert_allclose(output[b].detach().numpy(), expected, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(updated[b, 0].numpy(), expected_mask)


def test_grouped_mask_equals_a_mask_per_channel():
    """One group per channel is the paper's multi-channel mask."""
    generator = torch.Generator().manual_seed(1)
    grouped = PartialConv2d((4, 3), 5, 3).double()
    per_channel = PartialConv2d((1,) * 7, 5, 3).double()
    per_channel.load_state_dict(grouped.state_dict())
    features = torch.randn(2, 7, 9, 12, generator=generator, dtype=torch.float64)
    known = random_masks(2, (9, 12), generator)
    ours, our_mask = grouped(features, known)
    theirs, their_mask = per_channel(features, known.repeat_interleave(torch.tensor([4, 3]), dim=1))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    assert torch.equal(our_mask, their_mask)


def test_golden_one_known_pixel():
    """sum(1) / sum(M) = 9 / 1, so a window of ones that sees the one pixel of value 0.7 gives 9 * 0.7 + b."""
    layer = PartialConv2d(1, 1, 3)
    torch.nn.init.ones_(layer.weight)
    torch.nn.init.constant_(layer.bias, 0.25)
    known = torch.zeros(1, 1, 5, 5)
    known[0, 0, 2, 2] = 1
    output, updated = layer(torch.full((1, 1, 5, 5), 0.7), known)
    expected = torch.zeros(5, 5)
    expected[1:4, 1:4] = 6.55
    torch.testing.assert_close(output[0, 0], expected)
    assert torch.equal(updated[0, 0], (expected > 0).float())


def test_padding_counts_as_hole():
    """Ones under a 3x3 window of ones: 9 everywhere, since 6 known of 9 scale by 1.5 and 4 of 9 by 2.25."""
    layer = PartialConv2d(1, 1, 3, bias=False)
    torch.nn.init.ones_(layer.weight)
    output, _ = layer(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 4, 4))
    assert torch.equal(output, torch.full((1, 1, 4, 4), 9.0))


def test_interior_of_a_known_picture_is_an_ordinary_convolution():
    layer = PartialConv2d((3, 2), 4, 3)
    features = torch.randn(1, 5, 8, 8)
    output, _ = layer(features, torch.ones(1, 2, 8, 8))
    ordinary = F.conv2d(features, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(output[..., 1:-1, 1:-1], ordinary[..., 1:-1, 1:-1])


def test_nothing_known_gives_exact_zero():
    output, updated = PartialConv2d(3, 4, 3)(torch.randn(1, 3, 8, 8), torch.zeros(1, 1, 8, 8))
    assert torch.equal(output, torch.zeros(1, 4, 8, 8))
    assert torch.equal(updated, torch.zeros(1, 1, 8, 8))


def test_premasked_leaves_out_only_the_masking():
    layer = PartialConv2d((3, 2), 4, 3)
    quick = PartialConv2d((3, 2), 4, 3, premasked=True)
    quick.load_state_dict(layer.state_dict())
    features = torch.randn(2, 5, 8, 8)
    known = random_masks(2, (8, 8), torch.Generator().manual_seed(0)).float()
    masked = features * known.repeat_interleave(torch.tensor([3, 2]), dim=1)
    torch.testing.assert_close(quick(masked, known)[0], layer(features, known)[0])


def test_gradcheck():
    generator = torch.Generator().manual_seed(2)
    layer = PartialConv2d((2, 1), 2, 3, stride=2).double()
    features = torch.randn(1, 3, 7, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    known = random_masks(2, (7, 8), generator)[:1]

    def run(features, weight, bias):
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (features, known))[0]

    assert torch.autograd.gradcheck(run, (features, layer.weight, layer.bias))


def test_mask_carries_no_gradient():
    known = torch.ones(1, 1, 8, 8, requires_grad=True)
    _, updated = PartialConv2d(3, 4, 3)(torch.randn(1, 3, 8, 8), known)
    assert not updated.requires_grad


def test_bfloat16_keeps_the_mask_in_float32():
    """bfloat16 cannot count to 1024 * 9; the sum of the mask must not pass through it."""
    generator = torch.Generator().manual_seed(3)
    layer = PartialConv2d((600, 424), 2, 3)
    features = torch.randn(1, 1024, 6, 6, generator=generator)
    known = (torch.rand(1, 2, 6, 6, generator=generator) > 0.3).float()
    expected, _ = layer(features, known)
    scale, _ = layer._update(known)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, updated = layer(features, known)
        assert torch.equal(layer._update(known)[0], scale)
    assert output.dtype == torch.bfloat16
    assert updated.dtype == torch.float32
    torch.testing.assert_close(output.float(), expected, rtol=0.02, atol=0.02 * expected.abs().max().item())


def test_an_exported_layer_counts_as_ours(tmp_path):
    """Exporters drop ``divisor_override`` of a pooling without a word, and the sums come out divided by the window."""
    torch.manual_seed(0)
    layer = PartialConv2d((2, 3), 4, 3, stride=2).eval()
    features, known = torch.randn(2, 5, 8, 10), (torch.rand(2, 2, 8, 10) > 0.5).float()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a deprecated exporter
        expected = layer(features, known)
        torch.onnx.export(layer, (features, known), tmp_path / "a.onnx", input_names=["x", "m"], dynamo=False)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    for theirs, ours in zip(session.run(None, {"x": features.numpy(), "m": known.numpy()}), expected, strict=True):
        np.testing.assert_allclose(theirs, ours.numpy(), rtol=0, atol=1e-5)
