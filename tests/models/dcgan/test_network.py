import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.dcgan.network import Discriminator, Generator, initialise


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_of_the_paper():
    # G: 100 -> 8192 and 512, 256, 128, 64, 3 maps; D: 3, 64, 128, 256, 512 maps and one logit; biases everywhere, and
    # two numbers per map in each BatchNorm.
    assert count(Generator()) == 5_135_363
    assert count(Discriminator()) == 4_316_545
    assert count(Generator(kernel_size=4)) == 3_585_347
    assert count(Discriminator(logits=2)) == 4_316_545 + 8193


@pytest.mark.parametrize("kernel_size", [5, 4])
@pytest.mark.parametrize(("size", "channels"), [(64, 3), (32, 1), (16, 3)])
def test_shapes_and_range(kernel_size, size, channels):
    generator = Generator(size, channels, latent=7, width=2, kernel_size=kernel_size)
    for layer in generator.convs:
        torch.nn.init.normal_(layer.weight)
    pictures = generator(torch.rand(3, 7))
    assert pictures.shape == (3, channels, size, size)
    assert pictures.abs().max() <= 1
    assert pictures.min() < -0.5
    assert pictures.max() > 0.5
    discriminator = Discriminator(size, channels, width=2, kernel_size=kernel_size)
    assert discriminator(pictures).shape == (3,)


def test_two_classes_are_a_sigmoid_of_the_difference():
    discriminator = Discriminator(16, 3, width=2, logits=2).eval()
    pictures = torch.rand(4, 3, 16, 16)
    classes = []
    hook = discriminator.head.register_forward_hook(lambda _module, _arguments, result: classes.append(result))
    logit = discriminator(pictures)
    hook.remove()
    torch.testing.assert_close(torch.softmax(classes[0], 1)[:, 1], torch.sigmoid(logit))


@pytest.mark.parametrize("init", ["normal", "truncated_normal"])
def test_initial_weights(init):
    torch.manual_seed(0)
    for network in (Generator(width=16), Discriminator(width=16)):
        initialise(network, init)
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                assert (layer.weight == 1).all()
            elif hasattr(layer, "weight") and layer.weight.numel() > 10_000:
                cut = init == "truncated_normal" and isinstance(layer, torch.nn.Conv2d)
                # a normal cut off at two deviations keeps 0.880 of its deviation
                assert layer.weight.std().item() == pytest.approx(0.02 * (0.880 if cut else 1), rel=0.03)
                assert (layer.weight.abs().max() <= 0.04) == cut
                assert not layer.bias.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 65}, "model.size=65: expected a multiple of 16"),
        ({"size": 0}, "model.size=0: expected a multiple of 16"),
        ({"channels": 2}, r"model.channels=2: expected 3 \(RGB\) or 1"),
        ({"width": 0}, "model.width=0: expected at least 1"),
        ({"kernel_size": 3}, "model.kernel_size=3: expected 5 or 4"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    for network in (Generator, Discriminator):
        with pytest.raises(UserError, match=message):
            network(**arguments)


def test_logits_and_init_are_checked():
    with pytest.raises(UserError, match=r"model.logits=3: expected 1"):
        Discriminator(logits=3)
    with pytest.raises(UserError, match=r"model.init=he: expected normal"):
        initialise(Generator(width=1), "he")
