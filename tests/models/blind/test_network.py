import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.blind.network import NetD, ResidualNetwork, initialise


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def weighted(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        ({}, 14_569_921),
        ({"gradient": "sobel"}, 14_569_921),
        ({"front": "none"}, 667_073),
        ({"front": "net_e64"}, 1_406_209),
        ({"gradient": "none"}, 14_568_769),
        ({"convs": (2, 2, 3, 3, 3, 2, 2)}, 14_569_921 - 13_865_984 + 12_096_256),
    ],
)
def test_sizes_of_table_3(arguments, total):
    """Net-D 13,865,984, Net-E on 67 channels 703,937; the mirror of VGG-16 would make Net-D 12,096,256."""
    with torch.device("meta"):
        assert parameters(ResidualNetwork(**arguments)) == total


def test_40_layers_all_3x3():
    with torch.device("meta"):
        network = ResidualNetwork()
    layers = weighted(network)
    assert len(layers) == 40
    assert sum(isinstance(layer, nn.ConvTranspose2d) for layer in layers) == 3
    assert {layer.kernel_size for layer in layers} == {(3, 3)}
    assert sum(isinstance(layer, nn.ReLU) for layer in network.modules()) == 39  # all but the last


def test_sizes_and_channels_of_figure_2():
    with torch.device("meta"):
        network, seen = NetD((2, 2, 3, 4, 2, 2, 2), 64), []
        for layer in weighted(network):
            layer.register_forward_hook(
                lambda layer, inputs, output: seen.append((layer.in_channels, *output.shape[1:3]))
            )
        assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 64, 64, 64)
    assert seen == [
        *[(1, 64, 64), (64, 64, 64)],
        *[(64, 128, 32), (128, 128, 32)],
        *[(128, 256, 16), (256, 256, 16), (256, 256, 16)],
        *[(256, 512, 8), (512, 512, 8), (512, 512, 8), (512, 512, 8)],
        *[(512, 256, 16), (512, 256, 16), (256, 256, 16)],
        *[(256, 128, 32), (256, 128, 32), (128, 128, 32)],
        *[(128, 64, 64), (128, 64, 64), (64, 64, 64)],
    ]


def test_net_d_equals_its_plain_composition():
    """The skips are concatenated in front of the deconvolved features, level by level."""
    torch.manual_seed(0)
    network = NetD((1, 1, 1), 2).double()
    picture = torch.rand(2, 1, 8, 12).double()
    first = network.down[0](picture)
    bottom = network.down[1](nn.MaxPool2d(2)(first))
    expected = network.up[0](torch.cat([first, network.deconvs[0](bottom)], 1))
    assert torch.equal(network(picture), expected)
    assert (network(picture) >= 0).all()  # ReLU behind its last layer too


def test_net_e_sees_features_gradients_and_the_picture():
    torch.manual_seed(0)
    network, seen = ResidualNetwork(width=4), []
    network.net_e.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    picture = torch.rand(2, 1, 16, 24)
    network(picture)
    expected = torch.cat([network.front(picture), network.gradient(picture), picture], 1)
    assert torch.equal(seen[0], expected)


def test_he_initialisation():
    """Deviation sqrt(2 / inputs of one output), 9 C, and 9 C / 4 for a deconvolution of stride 2; zero biases."""
    torch.manual_seed(0)
    for layer in weighted(ResidualNetwork(width=16)):
        inputs = layer.in_channels * (9 / 4 if isinstance(layer, nn.ConvTranspose2d) else 9)
        tolerance = 5 / layer.weight.numel() ** 0.5
        assert layer.weight.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=tolerance)
        assert not layer.bias.any()


def test_he_initialisation_keeps_the_energy_through_a_deconvolution():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1)
    initialise(layer)
    features = torch.randn(4, 64, 32, 32)
    energy = torch.relu(layer(torch.relu(features))).square().mean() / torch.relu(features).square().mean()
    assert energy.item() == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize("front", ["net_d", "net_e64", "none"])
@pytest.mark.parametrize("gradient", ["forward", "sobel", "none"])
def test_every_front_and_gradient(front, gradient):
    network = ResidualNetwork(front, gradient, width=4)
    assert network(torch.rand(2, 1, 16, 16)).shape == (2, 1, 16, 16)


@pytest.mark.parametrize("final_relu", [False, True])
def test_final_relu_lets_the_residual_only_brighten(final_relu):
    torch.manual_seed(0)
    network = ResidualNetwork(width=4, final_relu=final_relu)
    nn.init.constant_(network.net_e[38].bias, -1.0)  # the last convolution
    residual = network(torch.rand(2, 1, 16, 16))
    assert bool((residual >= 0).all()) == final_relu


@pytest.mark.parametrize("size", [(64, 64), (61, 83), (9, 8), (7, 5), (3, 20), (1, 1)])
def test_any_size(size):
    residual = ResidualNetwork(width=4)(torch.rand(1, 1, *size))
    assert residual.shape == (1, 1, *size)
    assert residual.isfinite().all()


def test_an_odd_size_is_the_padded_picture_cropped():
    torch.manual_seed(0)
    network = ResidualNetwork(width=4)
    picture = torch.rand(1, 1, 29, 18)
    whole = nn.ReflectionPad2d((0, 6, 0, 3))(picture)
    torch.testing.assert_close(network(picture), network(whole)[..., :29, :18], rtol=0, atol=0)


def test_plain_networks_need_no_padding():
    assert [ResidualNetwork(front, width=2).step for front in ("net_d", "net_e64", "none")] == [8, 1, 1]
    assert ResidualNetwork(convs=(1, 1, 1), width=2).step == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"front": "net_f"}, r"model.front: expected net_d \| net_e64 \| none, got 'net_f'"),
        ({"gradient": "roberts"}, r"model.gradient: expected forward \| sobel \| none, got 'roberts'"),
        ({"convs": (2, 2)}, r"model.convs: expected an odd number of counts, .* got \[2, 2\]"),
        ({"convs": (2, 0, 2)}, r"model.convs: .* of 1 to 100, got \[2, 0, 2\]"),
        ({"convs": ()}, r"model.convs: .* got \[\]"),
        ({"width": 0}, "model.width: expected at least 1, got 0"),
    ],
)
def test_arguments_that_make_no_network(arguments, message):
    with pytest.raises(UserError, match=message):
        ResidualNetwork(**arguments)
