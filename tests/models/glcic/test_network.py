import pytest
import torch
from experiments.context_encoder_study.encoder_study import GlcicEncoder
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.glcic.network import CompletionNetwork, Discriminator
from tests.models import formula_weights


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="module")
def meta():
    """Nothing is drawn: 51 million parameters are only counted."""
    with torch.device("meta"):
        return {
            "completion": CompletionNetwork(),
            "places": Discriminator(),
            "celeba": Discriminator(size=160, patch=96, global_layers=5),
        }


@pytest.mark.parametrize(("name", "total"), [("completion", 6_072_131), ("places", 45_063_681), ("celeba", 39_557_121)])
def test_parameters(name, total, meta):
    assert count(meta[name]) == total


def test_parameters_of_the_towers(meta):
    """Convolutions, BatchNorm and the linear layer; the head joins 1024 + 1024 features."""
    assert {name: count(tower) for name, tower in meta["places"].towers.items()} == {
        "local": 19_253_248,
        "global": 25_808_384,
    }
    assert {name: count(tower) for name, tower in meta["celeba"].towers.items()} == {
        "local": 15_583_232,
        "global": 23_971_840,
    }
    assert count(meta["places"].head) == 2_049


def test_multiply_adds_at_256(meta):
    with Counter() as counter:
        meta["completion"](torch.zeros(1, 3, 256, 256, device="meta"), torch.zeros(1, 1, 256, 256, device="meta"))
    assert counter.multiply_adds == 32_554_090_496
    with Counter() as counter:
        sides = {"local": 128, "global": 256}
        meta["places"].eval()({name: torch.zeros(1, 3, side, side, device="meta") for name, side in sides.items()})
    assert counter.multiply_adds == pytest.approx(0.762e9 + 3.128e9, rel=1e-3)


def test_the_encoder_is_the_one_that_the_context_encoders_paper_compares_with(meta):
    """Figure 13 of that paper has its first 12 layers, for pictures without a channel for the hole."""
    with torch.device("meta"):
        theirs = [p.shape for p in GlcicEncoder().parameters()]
    ours = [p.shape for block in meta["completion"].blocks[:12] for p in block.parameters()]
    assert ours[1:] == theirs[1:]


GOLDEN = {
    "bn_act": (0.547705, 0.107958, 0.465090, 0.467253, 0.421765, 0.562174),
    "act_bn": (0.569197, 0.145559, 0.464267, 0.598899, 0.463864, 0.584722),
}
"""Mean, deviation and four pixels, from the table of layers and the formula, by another program."""


@pytest.mark.parametrize("norm_order", GOLDEN)
def test_golden_output(norm_order):
    network = CompletionNetwork(norm_order=norm_order).eval()
    layers = [part for block in network.blocks for part in (block.conv, block.norm)]
    formula_weights.fill([*layers, network.paint], gain=1.4)
    pictures = torch.from_numpy(formula_weights.stream(7).uniform(-1, 1, (1, 3, 128, 160))).float()
    known = torch.ones(1, 1, 128, 160)
    known[..., 24:88, 40:120] = 0
    with torch.no_grad():
        output = network((pictures + 1) / 2, known)
    points = [output[0, c, y, x] for c, y, x in [(0, 0, 0), (1, 40, 70), (2, 56, 80), (0, 127, 159)]]
    found = torch.stack([output.mean(), output.std(unbiased=False), *points])
    torch.testing.assert_close(found, torch.tensor(GOLDEN[norm_order]), rtol=0, atol=2e-4)


def small(**arguments):
    torch.manual_seed(0)
    return CompletionNetwork(**({"width": 4} | arguments)).eval()


class Seen(nn.Module):
    """Stands in the place of the layers and remembers what they were shown."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, features):
        self.features = features
        return features.new_zeros(len(features), self.channels, *features.shape[2:])


@pytest.mark.parametrize("input_norm", ["sub_mean", "fill_mean", "symmetric"])
def test_what_the_network_sees(input_norm):
    """The picture, its hole filled after normalisation, and a fourth channel that is 1 in the hole."""
    network = small(input_norm=input_norm, mean=(0.25, 0.5, 0.75))
    network.blocks = Seen(2)
    image, known = torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8)
    known[..., 2:5, 3:7] = 0
    mean = torch.tensor([0.25, 0.5, 0.75])[:, None, None]
    network(torch.where(known > 0, image, torch.nan), known)
    expected = {
        "sub_mean": (image - mean) * known,
        "fill_mean": image * known + mean * (1 - known),
        "symmetric": (image * 2 - 1) * known,
    }
    assert torch.equal(network.blocks.features, torch.cat([expected[input_norm], 1 - known], 1))


@pytest.mark.parametrize(("out_act", "expected"), [("sigmoid", [0.1192, 0.5, 0.8808]), ("clamp", [0.0, 0.5, 1.0])])
def test_outputs_lie_in_0_1(out_act, expected):
    """A picture of -2, 0 and 2 before the last step: sigmoid(2) = 0.8808."""
    network = small(out_act=out_act)
    nn.init.zeros_(network.paint.weight)
    with torch.no_grad():
        network.paint.bias.copy_(torch.tensor([-2.0, 0.0, 2.0]))
        output = network(torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8))
    torch.testing.assert_close(output[0, :, 3, 3], torch.tensor(expected), rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(8, 8), (32, 20), (12, 44)])
def test_any_size_of_multiples_of_4(size):
    output = small(channels=1, mean=[0.4])(torch.rand(2, 1, *size), torch.ones(2, 1, *size))
    assert output.shape == (2, 1, *size)


def test_a_feature_behind_layer_12_sees_287_pixels():
    """5 + 2, at half of the size 2 (2 + 2), at a quarter 4 (2 + 2 + 2 (2 + 4 + 8 + 16) + 2 + 2) = 7 + 8 + 272."""
    blocks = small(width=2).blocks[:12].double()
    for module in blocks.modules():  # every path counts, none cancels
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 0.1)
            nn.init.zeros_(module.bias)
    features = torch.ones(1, 4, 8, 400, dtype=torch.double, requires_grad=True)
    blocks(features)[0, 0, 1, 50].backward()
    reached = features.grad[0, 0].sum(0).nonzero()
    assert int(reached.max() - reached.min()) + 1 == 287


@pytest.mark.parametrize("views", [["local"], ["global"], ["global", "local"]])
def test_the_score_joins_the_views_there_are(views):
    network = Discriminator(32, 16, 3, 2, views=views, width=2)
    pictures = {"local": torch.rand(3, 3, 16, 16), "global": torch.rand(3, 3, 32, 32)}
    assert network(pictures).shape == (3,)
    assert list(network.towers) == sorted(views, reverse=True), "local first, as in otenim's code"
    assert network.head.in_features == 32 * len(views)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: small(norm_order="act"), r"model.norm_order=act: expected bn_act \| act_bn"),
        (lambda: small(input_norm="none"), r"model.input_norm=none: expected sub_mean \| fill_mean \| symmetric"),
        (lambda: small(out_act="tanh"), r"model.out_act=tanh: expected sigmoid \| clamp"),
        (lambda: small(channels=1), r"model.mean=\[0.456, 0.4472, 0.4155\]: expected 1 number\(s\) in 0..1"),
        (lambda: small(mean=[1, 2, 117]), r"model.mean=\[1, 2, 117\]: expected 3"),
        (lambda: Discriminator(views=[]), r"model.views=\[\]: expected local, global or both"),
        (lambda: Discriminator(views=["left"]), r"model.views=\['left'\]: expected local, global or both"),
        (lambda: Discriminator(size=200), "6 layers needs a side that is a multiple of 64 px, got 200: change paper"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
