import torch
import torch.nn.functional as F
from torch import nn

from inpaintlab.layers.gated_conv import GatedConv2d


def test_first_half_are_features_second_half_gates():
    """Golden, 1 x 1: the features are 2 x, the gate's logit is -3 everywhere."""
    layer = GatedConv2d(1, 1, 1)
    layer.conv.weight.data = torch.tensor([2.0, 0.0]).view(2, 1, 1, 1)
    layer.conv.bias.data = torch.tensor([0.0, -3.0])
    gate = torch.sigmoid(torch.tensor(-3.0))
    found = layer(torch.tensor([1.5, -1.5]).view(1, 1, 1, 2)).flatten()
    torch.testing.assert_close(found, torch.stack([3.0 * gate, (torch.tensor(-3.0).exp() - 1) * gate]))


def test_is_two_convolutions_of_their_own():
    torch.manual_seed(0)
    layer = GatedConv2d(3, 4, 3, stride=2, activation=nn.ReLU())
    x = torch.randn(2, 3, 8, 10)
    padded = F.pad(x, (0, 1, 0, 1))
    parts = [
        F.conv2d(padded, weight, bias, 2)
        for weight, bias in zip(layer.conv.weight.split(4), layer.conv.bias.split(4), strict=True)
    ]
    torch.testing.assert_close(layer(x), parts[0].relu() * parts[1].sigmoid())


def test_a_closed_gate_lets_nothing_through():
    layer = GatedConv2d(2, 3, 3)
    layer.conv.weight.data[3:] = 0
    layer.conv.bias.data[3:] = -200
    assert not layer(torch.randn(1, 2, 5, 5)).any()


def test_gradient():
    torch.manual_seed(0)
    layer = GatedConv2d(2, 2, 3, stride=2, dilation=1).double()
    assert torch.autograd.gradcheck(layer, torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True))
