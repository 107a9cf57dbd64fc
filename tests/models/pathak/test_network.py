import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.pathak.channel_fc import ChannelFC
from inpaintlab.models.pathak.network import (
    ConditionalDiscriminator,
    Discriminator,
    Generator,
    channels_by_level,
    initialise,
)
from tests.models import formula_weights


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


GENERATORS = {
    "center": ({}, 71_130_531, 0.350e9),
    "center, 100": ({"bottleneck": 100}, 7_221_231, 0.286e9),
    "random 128": ({"side": 128}, 71_196_259, 0.426e9),
    "random 64": ({"size": 64, "side": 64}, 71_064_803, 0.273e9),
}
"""Arguments, parameters, multiply-adds."""


@pytest.mark.parametrize("name", GENERATORS)
def test_parameters_and_multiply_adds_of_the_generators(name):
    arguments, parameters, multiply_adds = GENERATORS[name]
    with torch.device("meta"):
        network = Generator(**arguments).eval()
        size, side = arguments.get("size", 128), arguments.get("side", 64)
        with Counter() as counter:
            painted = network(torch.zeros(1, 3, size, size))
    assert painted.shape == (1, 3, side, side)
    assert count(network) == parameters
    assert counter.multiply_adds == pytest.approx(multiply_adds, abs=0.0005e9)


@pytest.mark.parametrize(("side", "parameters", "multiply_adds"), [(64, 2_766_529, 0.104e9), (128, 2_832_257, 0.180e9)])
def test_parameters_and_multiply_adds_of_the_discriminators(side, parameters, multiply_adds):
    with torch.device("meta"), Counter() as counter:
        network = Discriminator(side)
        assert network(torch.zeros(1, 3, side, side), None).shape == (1,)
    assert count(network) == parameters
    assert counter.multiply_adds == pytest.approx(multiply_adds, abs=0.0005e9)


def test_weights_of_the_bottleneck_are_nearly_all():
    with torch.device("meta"):
        network = Generator()
    assert 2 * 512 * 4000 * 16 / count(network) == pytest.approx(0.92, abs=0.005)


def test_layers():
    """Five halvings to 4 x 4, a vector, and back; BatchNorm everywhere but at both ends."""
    with torch.device("meta"):
        network = Generator()
    encoder = [type(layer).__name__ for layer in network.encoder]
    assert encoder == ["Conv2d", "LeakyReLU", *["Conv2d", "BatchNorm2d", "LeakyReLU"] * 4, "Conv2d"]
    decoder = [type(layer).__name__ for layer in network.decoder]
    step = ["ConvTranspose2d", "BatchNorm2d", "ReLU"]
    assert decoder == ["BatchNorm2d", "LeakyReLU", *step * 4, "ConvTranspose2d", "Tanh"]
    assert {layer.negative_slope for layer in network.modules() if isinstance(layer, nn.LeakyReLU)} == {0.2}


@pytest.mark.parametrize(
    ("side", "channels"),
    [(16, [4, 8]), (32, [2, 4, 8]), (64, [1, 2, 4, 8]), (128, [1, 1, 2, 4, 8]), (256, [1, 1, 1, 2, 4, 8])],
)
def test_channels_by_level(side, channels):
    assert channels_by_level(side, 64) == [64 * factor for factor in channels]


@pytest.mark.slow  # 71 million numbers are drawn
def test_golden_output():
    """Mean, deviation and four pixels, from the table of layers and the formula, by another program."""
    network = Generator().eval()
    formula_weights.fill([*network.encoder, *network.decoder], gain=1.4)
    pictures = torch.from_numpy(formula_weights.stream(7).uniform(-1, 1, (1, 3, 128, 128))).float()
    pictures[..., 36:92, 36:92] = (torch.tensor([117.0, 104.0, 123.0]) / 127.5 - 1)[:, None, None]
    with torch.no_grad():
        output = network(pictures)
    points = [output[0, c, y, x] for c, y, x in [(0, 0, 0), (1, 20, 30), (2, 32, 32), (0, 63, 63)]]
    found = torch.stack([output.mean(), output.std(unbiased=False), *points])
    expected = torch.tensor([0.046827, 0.236161, -0.017276, 0.146496, -0.008469, 0.030730])
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)


def test_noise_joins_the_bottleneck():
    network = Generator(32, 16, width=2, bottleneck=8, noise=5).eval()
    pictures, noise = torch.rand(2, 3, 32, 32), torch.randn(2, 5)
    painted = network(pictures, noise)
    assert painted.shape == (2, 3, 16, 16)
    assert not torch.equal(network(pictures, torch.randn(2, 5)), painted)
    assert count(network) - count(Generator(32, 16, width=2, bottleneck=8)) == 5 * 5 + 5 + 2 * 5 + 5 * 16 * 16


def test_channel_wise_joint():
    network = Generator(32, 16, width=2, join="channel_fc").eval()
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 3, 16, 16)
    assert sum(isinstance(layer, ChannelFC) for layer in network.encoder) == 1


def test_the_conditional_discriminator_aligns_square_and_picture():
    """Its two first convolutions give features of one size, the square's in the middle of zeros."""
    network = ConditionalDiscriminator(16, width=2)
    painted, context = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 32, 32)
    assert network(painted, context).shape == (2,)
    nn.init.zeros_(network.painted.bias)
    features = network.painted(painted)
    assert features.shape == network.context(context).shape == (2, 2, 16, 16)
    rows = features.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows.tolist() == list(range(3, 13)), (
        "16 of 32 px at half of the size, and one row of the kernel to each side"
    )


def test_initial_weights():
    network = Generator(32, 16, width=32, bottleneck=64, join="channel_fc")
    initialise(network)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | ChannelFC):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert not layer.bias.any()
            assert layer.bias.requires_grad == isinstance(layer, ChannelFC), "set back to 0 before every step"
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.weight.mean().item() == pytest.approx(1, abs=0.03)
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Generator(100, 64), "square of 100 px: expected a power of 2, at least 16; change model.size"),
        (lambda: Generator(16, 8), "square of 8 px: expected a power of 2, at least 16"),
        (lambda: Discriminator(96), "square of 96 px: expected a power of 2"),
        (lambda: Generator(32, 16, join="fc"), r"model.join=fc: expected conv \| channel_fc"),
        (lambda: Generator(32, 16, noise=3, join="channel_fc"), "model.noise=3: it joins the bottleneck, which"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
