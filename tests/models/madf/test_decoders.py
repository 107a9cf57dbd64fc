import torch
import torch.nn.functional as F

from inpaintlab.models.madf.decoders import PointwiseNorm, Recovery, Refinement, RefinementDecoder


def perturbed(module):
    """With BatchNorm that is not the identity."""
    torch.manual_seed(0)
    for norm in module.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            if norm.affine:
                norm.weight.data.uniform_(0.5, 2)
                norm.bias.data.normal_()
    return module.eval()


def batch_norm(features, norm):
    shape = (1, -1, 1, 1)
    return (features - norm.running_mean.view(shape)) / (norm.running_var.view(shape) + norm.eps).sqrt()


def leaky(features):
    return torch.where(features > 0, features, 0.2 * features)


def test_recovery_block():
    """Doubling, BatchNorm, leaky ReLU; then [u, a] in this order through 3 x 3 and ReLU."""
    block = perturbed(Recovery(8, 4, skip_channels=5, last=False))
    features, skip = torch.randn(2, 8, 4, 4), torch.randn(2, 5, 8, 8)
    doubled = F.conv_transpose2d(features, block.upsample.weight, block.upsample.bias, stride=2, padding=1)
    norm = block.norm
    doubled = leaky(batch_norm(doubled, norm) * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1))
    expected = F.conv2d(torch.cat([skip, doubled], 1), block.blend.weight, block.blend.bias, padding=1).clamp(min=0)
    torch.testing.assert_close(block(features, skip), expected)


def test_last_recovery_block_paints_without_norm_or_activation():
    block = Recovery(8, 3, skip_channels=6, last=True)
    features, skip = torch.randn(2, 8, 4, 4), torch.randn(2, 6, 8, 8)
    assert block.norm is None
    expected = block.blend(torch.cat([skip, block.upsample(features)], 1))
    assert (expected < 0).any()
    assert torch.equal(block(features, skip), expected)


def test_pointwise_norm():
    """Eq. 1 with alpha = 1 + gamma."""
    layer = perturbed(PointwiseNorm(4, 6, hidden=5))
    features, condition = torch.randn(2, 4, 8, 8), torch.randn(2, 6, 8, 8)
    hidden = layer.hidden(condition).clamp(min=0)
    gamma = F.conv2d(hidden, layer.affine.weight[:4], layer.affine.bias[:4], padding=1)
    beta = F.conv2d(hidden, layer.affine.weight[4:], layer.affine.bias[4:], padding=1)
    expected = batch_norm(features, layer.norm) * (1 + gamma) + beta
    torch.testing.assert_close(layer(features, condition), expected)


def test_pointwise_norm_scales_every_point_by_itself():
    layer = PointwiseNorm(1, 1, hidden=2).eval()
    features, condition = torch.ones(1, 1, 9, 9), torch.zeros(1, 1, 9, 9)
    before = layer(features, condition)
    condition[..., 0, 0] = 5
    changed = layer(features, condition) != before
    assert changed[..., :3, :3].any()
    assert not changed[..., 3:, :].any()
    assert not changed[..., 3:].any()


def test_refinement_block_with_batch_norm_ignores_the_decoder_before():
    block = perturbed(Refinement(8, 4, "bn", hidden=5))
    features = torch.randn(2, 8, 4, 4)
    expected = leaky(block.norm(block.upsample(features)))
    torch.testing.assert_close(block(features, torch.randn(2, 4, 8, 8)), expected)


def test_refinement_decoder_hands_down_its_maps():
    decoder = RefinementDecoder((4, 8, 16), seen=9, channels=3, norm="pn", hidden=5)
    conditions = [torch.randn(2, 8, 4, 4), torch.randn(2, 4, 8, 8)]
    deepest = torch.randn(2, 16, 2, 2)
    first = decoder.blocks[0](deepest, conditions[0])
    second = decoder.blocks[1](first, conditions[1])
    chain = decoder.eval()(deepest, conditions)
    assert [tuple(maps.shape) for maps in chain] == [(2, 8, 4, 4), (2, 4, 8, 8)]
    decoder.train()
    torch.testing.assert_close(decoder(deepest, conditions), [first, second])


def test_painting_equals_doubling_first():
    """The paper's order: double bilinearly, concatenate, convolve by 1 x 1."""
    decoder = RefinementDecoder((4, 8), seen=9, channels=3, norm="pn", hidden=5).double()
    finest = torch.randn(2, 4, 6, 10, dtype=torch.double)
    seen = [torch.randn(2, 3, 12, 20, dtype=torch.double), torch.randn(2, 6, 12, 20, dtype=torch.double)]
    doubled = F.interpolate(finest, scale_factor=2, mode="bilinear")
    expected = decoder.paint(torch.cat([doubled, *seen], 1))
    torch.testing.assert_close(decoder.picture(finest, seen), expected, rtol=0, atol=1e-12)
