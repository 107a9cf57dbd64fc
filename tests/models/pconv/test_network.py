import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.partial_conv import PartialConv2d
from inpaintlab.models.pconv.network import UNet
from tests.models.hashed_weights import filled, picture, summary


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def with_statistics(network, size=32):
    """Give the BatchNorm layers real running statistics and affine parameters."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.uniform_(-0.5, 0.5, generator=generator)
    with torch.no_grad():
        for _ in range(5):
            known = (torch.rand(4, 1, size, size, generator=generator) > 0.4).float()
            network(torch.randn(4, 3, size, size, generator=generator), known)
    return network


def square_hole(size=32):
    known = torch.ones(2, 1, size, size)
    known[:, :, 5:27, 8:24] = 0
    return known


def test_size_of_the_paper():
    """Weights 32,848,849, bias on the two layers without BatchNorm 64 + 3, BatchNorm 2 * 5,440."""
    with torch.device("meta"):
        assert parameters(UNet()) == 32_859_796
        assert parameters(UNet(convolution="ordinary")) == 32_859_796


@pytest.mark.parametrize("convolution", ["partial", "ordinary"])
@pytest.mark.parametrize(("size", "giga"), [(256, 9.493), (512, 37.97)])
def test_multiply_adds_of_the_paper(size, giga, convolution):
    """Counted on the network as it runs; the mask path has no convolution and is not in the paper's count."""
    with torch.device("meta"):
        network, picture, known = (
            UNet(convolution=convolution),
            torch.zeros(2, 3, size, size),
            torch.ones(2, 1, size, size),
        )
        with FlopCounterMode(display=False) as counter:
            network(picture, known)
    assert counter.get_total_flops() / 2 / 2 / 1e9 == pytest.approx(giga, abs=0.005)


def test_layers_of_the_appendix():
    with torch.device("meta"):
        network = UNet()
    encoder = [
        (b.conv.kernel_size[0], b.conv.in_channels, b.conv.out_channels, b.conv.stride[0]) for b in network.encoder
    ]
    assert encoder == [(7, 3, 64, 2), (5, 64, 128, 2), (5, 128, 256, 2), (3, 256, 512, 2)] + [(3, 512, 512, 2)] * 4
    decoder = [
        (b.conv.kernel_size[0], b.conv.groups_of_channels, b.conv.out_channels, b.slope) for b in network.decoder
    ]
    assert decoder == [
        *[(3, (512, 512), 512, 0.2)] * 4,
        (3, (512, 256), 256, 0.2),
        (3, (256, 128), 128, 0.2),
        (3, (128, 64), 64, 0.2),
        (3, (64, 3), 3, None),
    ]
    assert [b.slope for b in network.encoder] == [0.0] * 8
    blocks = [*network.encoder, *network.decoder]
    assert [b.norm is None for b in blocks] == [True] + [False] * 14 + [True]
    assert [b.conv.bias is not None for b in blocks] == [b.norm is None for b in blocks]


def test_he_initialisation():
    """A standard deviation of sqrt(2 / fan_in), and biases of zero."""
    torch.manual_seed(0)
    network = UNet(levels=4, width=16)
    for block in [*network.encoder, *network.decoder]:
        weight = block.conv.weight
        assert weight.std().item() == pytest.approx((2 / weight[0].numel()) ** 0.5, rel=0.1)
        assert block.conv.bias is None or not block.conv.bias.any()


@pytest.mark.parametrize("convolution", ["partial", "ordinary"])
@pytest.mark.parametrize(("levels", "channels"), [(1, 3), (2, 1), (5, 3)])
def test_shapes(levels, channels, convolution):
    network = UNet(levels, width=4, channels=channels, convolution=convolution)
    output = network(torch.randn(2, channels, 64, 32), torch.ones(2, 1, 64, 32))
    assert output.shape == (2, channels, 64, 32)


def test_equals_the_plain_composition_of_layers():
    """Zeroing holes in place once per block gives what masking in front of every convolution gives."""
    network = with_statistics(UNet(levels=3, width=4)).double()
    picture, known = torch.randn(2, 3, 32, 32).double(), square_hole().double()

    def plain(block, features, mask):
        layer = PartialConv2d(
            block.conv.groups_of_channels,
            block.conv.out_channels,
            block.conv.kernel_size[0],
            block.conv.stride[0],
            bias=block.conv.bias is not None,
        ).double()
        layer.load_state_dict(block.conv.state_dict())
        features, mask = layer(features, mask)
        if block.norm is not None:
            features = F.batch_norm(features, None, None, block.norm.weight, block.norm.bias, training=True)
        return (features if block.slope is None else F.leaky_relu(features, block.slope)), mask

    features, mask, skips = picture, known, []
    for block in network.encoder:
        skips.append((features, mask))
        features, mask = plain(block, features, mask)
    for block in network.decoder:
        doubled = [F.interpolate(part, scale_factor=2, mode="nearest") for part in (features, mask)]
        features, mask = plain(block, *(torch.cat(pair, 1) for pair in zip(doubled, skips.pop(), strict=True)))
    torch.testing.assert_close(network(picture, known), features, rtol=0, atol=1e-10)


def test_golden_outputs():
    """Of NVIDIA's released layer in float64, composed by the appendix, whose network they did not release.

    Their layer adds 1e-8 to the sum of a mask. An order of joining that differs fails.
    """
    network = UNet(levels=5, width=8).double().eval()
    entries = network.state_dict()
    network.load_state_dict(
        {name: filled(name, value.shape) if value.ndim else value for name, value in entries.items()}
    )
    pixels, hole = picture(3, 64)
    with torch.no_grad():
        painted = network(pixels, 1 - hole)
    assert summary(painted) == pytest.approx([-0.724048, 0.904047, -6.842698, 0.385057, 0.839911], abs=1e-6)


@pytest.mark.parametrize("convolution", ["partial", "ordinary"])
@pytest.mark.parametrize("training", [True, False])
def test_what_lies_under_the_hole_changes_no_bit(convolution, training):
    network = with_statistics(UNet(levels=4, width=8, convolution=convolution)).train(training)
    known = square_hole()
    picture = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = network(picture, known)
        for other in (
            torch.randn_like(picture),
            torch.tensor(1e30),
            torch.tensor(float("nan")),
            torch.tensor(-torch.inf),
        ):
            assert torch.equal(network(torch.where(known > 0, picture, other), known), expected)
        assert not torch.equal(network(picture + 0.1 * known, known), expected)


def test_features_stay_empty_in_their_holes():
    """The invariant on which ``premasked`` rests, with BatchNorm biases that would fill every hole."""
    network = with_statistics(UNet(levels=3, width=4)).eval()
    known = torch.zeros(2, 1, 32, 32)
    known[:, :, :4, :4] = 1
    seen = []
    for block in [*network.encoder, *network.decoder]:
        block.register_forward_hook(lambda block, inputs, output: seen.append(output))
    network(torch.randn(2, 3, 32, 32), known)
    holes = [(mask == 0).sum().item() for _, mask in seen]
    assert min(holes[:2]) > 0
    assert all(not (features * (1 - mask)).any() for features, mask in seen)


def test_one_known_pixel_reaches_the_whole_picture():
    network = UNet(levels=5, width=4)
    masks = []
    network.decoder[-1].register_forward_hook(lambda block, inputs, output: masks.append(output[1]))
    known = torch.zeros(2, 1, 32, 32)
    known[:, :, 30, 3] = 1
    network(torch.randn(2, 3, 32, 32), known)
    assert masks[0].all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_hole_and_all_known_stay_finite(value):
    output = UNet(levels=3, width=4)(torch.randn(2, 3, 32, 32), torch.full((2, 1, 32, 32), value))
    assert output.isfinite().all()


def test_ordinary_convolutions_never_see_the_mask():
    """Filled with zero, a picture that is zero in the hole gives the same with any mask."""
    network = UNet(levels=3, width=4, convolution="ordinary").eval()
    known = square_hole()
    picture = torch.randn(2, 3, 32, 32) * known
    assert torch.equal(network(picture, known), network(picture, torch.ones_like(known)))


def test_autocast_is_close():
    network = with_statistics(UNet(levels=3, width=8)).eval()
    picture, known = torch.randn(2, 3, 32, 32), square_hole()
    with torch.no_grad():
        expected = network(picture, known)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = network(picture, known)
    assert (output.float() - expected).abs().max() < 0.05 * expected.abs().max()


@pytest.mark.parametrize(
    ("levels", "size", "message"),
    [
        (3, (36, 32), r"size 36x32 .*levels=3.*multiples of 8, or model.levels=2 at most"),
        (6, (32, 32), r"size 32x32 .*levels=6.*multiples of 64, or model.levels=5 at most"),
        (2, (33, 32), r"size 33x32 .*multiples of 4$"),
    ],
)
def test_sizes_that_do_not_fit(levels, size, message):
    with pytest.raises(UserError, match=message):
        UNet(levels, width=4)(torch.zeros(1, 3, *size), torch.ones(1, 1, *size))


def test_batch_norm_needs_two_values():
    network = UNet(levels=4, width=4)
    picture, known = torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    with pytest.raises(UserError, match=r"size 16x16 with levels=4 .*data.batch_size to 2 or more, or model.levels=3"):
        network(picture, known)
    assert network.eval()(picture, known).isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"convolution": "gated"}, r"model.convolution: expected partial \| ordinary, got 'gated'"),
        ({"levels": 0}, "levels 1 to 16, a width of at least 1 .*levels=0"),
        ({"width": 0}, "levels 1 to 16, a width of at least 1 .*width=0"),
        ({"channels": 4}, "1 or 3 channels.*channels=4"),
    ],
)
def test_arguments_that_make_no_network(arguments, message):
    with pytest.raises(UserError, match=message):
        UNet(**arguments)
