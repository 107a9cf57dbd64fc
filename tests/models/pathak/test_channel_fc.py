import torch

from inpaintlab.models.pathak.channel_fc import ChannelFC


def test_equals_a_matrix_for_each_channel():
    torch.manual_seed(0)
    layer, features = ChannelFC(5, 3), torch.randn(2, 5, 3, 3)
    with torch.no_grad():
        layer.bias.normal_()
        output = layer(features)
        for picture in range(2):
            for channel in range(5):
                expected = layer.weight[channel] @ features[picture, channel].flatten() + layer.bias[channel]
                torch.testing.assert_close(output[picture, channel].flatten(), expected)


def test_weights_of_pool5_of_alexnet():
    """m n^4 of 256 maps of 6 x 6; a full layer would have 256 times as many."""
    with torch.device("meta"):
        assert ChannelFC(256, 6).weight.numel() == 331_776


def test_gradients():
    layer = ChannelFC(2, 2).double()
    features = torch.randn(2, 2, 2, 2, dtype=torch.double, requires_grad=True)
    parameters = [features, *layer.parameters()]
    assert torch.autograd.gradcheck(
        lambda x, weight, bias: torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,)), parameters
    )
