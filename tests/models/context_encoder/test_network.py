import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.context_encoder.network import Decoder, Discriminator, Encoder, initialise


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="module")
def meta():
    """Nothing is drawn: 80 million parameters are only counted."""
    with torch.device("meta"):
        return {
            "encoder": Encoder(),
            "decoder": Decoder(),
            "local": Discriminator(64, 4),
            "global": Discriminator(128, 5),
        }


@pytest.mark.parametrize(
    ("name", "total"),
    [("encoder", 35_046_944), ("decoder", 35_526_467), ("local", 2_766_657), ("global", 6_962_497)],
)
def test_parameters_at_the_papers_size(name, total, meta):
    assert count(meta[name]) == total


def test_parameters_of_each_layer(meta):
    """k k in out + out, and 2 out of BatchNorm, by hand."""

    def layers(network):
        return [count(layer) for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]

    norm = [2 * channels for channels in (64, 128, 256, 512, 4000)]
    totals = [own + shift for own, shift in zip(layers(meta["encoder"]), norm, strict=True)]
    assert totals == [3_264, 131_456, 33_536, 2_098_688, 32_780_000]
    norm = [2 * channels for channels in (512, 256, 128, 64)] + [0]
    totals = [own + shift for own, shift in zip(layers(meta["decoder"]), norm, strict=True)]
    assert totals == [32_769_536, 2_097_920, 524_672, 131_264, 3_075]


def test_sides_between_the_layers(meta):
    """Section 2 of the paper: 128 -> 1 x 1 x 4000 with pooling after the first two convolutions, and -> 64."""
    encoder = [layer for layer in meta["encoder"] if isinstance(layer, nn.Conv2d | nn.MaxPool2d)]
    assert [type(layer).__name__ for layer in encoder] == ["Conv2d", "MaxPool2d"] * 2 + ["Conv2d"] * 3
    features, sides = torch.zeros(2, 3, 128, 128, device="meta"), []
    for layer in encoder:
        features = layer(features)
        sides.append(features.shape[-1])
    assert sides == [64, 32, 16, 8, 8, 4, 1]
    assert features.shape == (2, 4000, 1, 1)
    assert meta["decoder"](features).shape == (2, 3, 64, 64)
    assert meta["local"](torch.zeros(2, 3, 64, 64, device="meta")).shape == (2,)
    assert meta["global"](torch.zeros(2, 3, 128, 128, device="meta")).shape == (2,)


def kinds(network):
    return [type(layer).__name__ for layer in network.modules()]


def test_norms_and_activations(meta):
    assert kinds(meta["encoder"]).count("BatchNorm2d") == 5
    assert kinds(meta["encoder"]).count("LeakyReLU") == 5
    assert kinds(meta["decoder"]).count("BatchNorm2d") == 4
    assert kinds(meta["decoder"]).count("ReLU") == 4
    assert kinds(meta["decoder"])[-1] == "Tanh"
    for name, layers in (("local", 4), ("global", 5)):
        assert kinds(meta[name]).count("BatchNorm2d") == kinds(meta[name]).count("ReLU") == layers


def test_switches():
    small = {"width": 4, "channels": 3}
    assert "BatchNorm2d" not in kinds(Decoder(16, bottleneck=8, norm=False, **small))
    convention = kinds(Discriminator(32, 4, first_norm=False, activation="leaky_relu", **small))
    assert convention.count("BatchNorm2d") == 3
    assert convention.count("LeakyReLU") == 4
    assert "ReLU" not in convention
    one, three = (Encoder(32, bottleneck=8, conv3_kernel=k, **small) for k in (1, 3))
    assert count(three) - count(one) == 8 * 8 * 16
    picture = torch.zeros(2, 3, 32, 32)
    assert three(picture).shape == one(picture).shape


@pytest.mark.parametrize("size", [32, 64, 96, 256])
def test_other_picture_sizes(size):
    assert Encoder(size, channels=1, width=2, bottleneck=5)(torch.rand(2, 1, size, size)).shape == (2, 5, 1, 1)
    assert Discriminator(size, 5, channels=1, width=2)(torch.rand(2, 1, size, size)).shape == (2,)


@pytest.mark.parametrize("side", [16, 32, 48, 128])
def test_other_hole_sizes(side):
    patch = Decoder(side, channels=1, width=2, bottleneck=5)(torch.randn(2, 5, 1, 1))
    assert patch.shape == (2, 1, side, side)
    assert patch.abs().max() <= 1
    assert Discriminator(side, 4, channels=1, width=2)(patch).shape == (2,)


def test_initial_weights():
    network = Encoder(64, width=32, bottleneck=256)
    initialise(network)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert not layer.bias.any()
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.weight.mean().item() == pytest.approx(1, abs=0.02)
            assert 0 < layer.weight.std() < 0.04
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Encoder(100), r"model.size=100: the encoder needs a multiple of 32 \(the paper: 128\)"),
        (lambda: Encoder(0), "model.size=0: the encoder needs a multiple of 32"),
        (lambda: Encoder(conv3_kernel=2), r"model.conv3_kernel=2: expected 1 \(the paper\) or 3"),
        (lambda: Decoder(40), "model.hole=40: the decoder paints multiples of 16 px"),
        (lambda: Discriminator(64, 4, activation="tanh"), r"model.d_act=tanh: expected relu \| leaky_relu"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
