"""Multiply-adds against counts by hand; time and memory as far as they can be known."""

import math
import time

import numpy as np
import pytest
import torch
from torch import nn

from inpaintlab.batch import Batch
from inpaintlab.evaluation import complexity as module
from inpaintlab.evaluation.complexity import Counter, Subject, count_parameters, latency, multiply_adds, peak_memory
from inpaintlab.layers.partial_conv import PartialConv2d
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.classical import MeanColor
from inpaintlab.models.context_encoder import ContextEncoder
from inpaintlab.models.context_encoder.network import Decoder, Encoder
from inpaintlab.models.dcgan import DCGAN
from inpaintlab.models.madf.dynamic_filter import DynamicFilter2d
from inpaintlab.models.madf.network import MADFNet
from inpaintlab.models.pconv.network import UNet
from tests.training.callbacks.toy import Toy

CENTER = {"_target_": "inpaintlab.masks.center.Center"}
TELEA = {"_target_": "inpaintlab.models.classical.Telea"}
CPU = torch.device("cpu")


class Filling(InpaintingModule):
    """Makes the last of its pictures with so many MiB of help."""

    def __init__(self, mebibytes=0, seconds=(0.0,)):
        super().__init__()
        self.save_hyperparameters()
        self.seconds = list(seconds)

    def inpaint(self, corrupted, known):
        torch.ones(self.hparams.mebibytes * 2**18)
        time.sleep(self.seconds.pop(0) if self.seconds else 0)
        return corrupted


def counted(layer, *inputs):
    with torch.no_grad(), Counter() as counter:
        layer(*inputs)
    return counter.multiply_adds


def batch(size=16, count=1, channels=3):
    return Subject(None, TELEA, CENTER).batch(size, count, channels, CPU)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        # k * k * C_in weights for each of C_out channels at each place of the output
        (nn.Conv2d(4, 6, 3, padding=1), (4, 10, 8), 9 * 4 * 6 * 10 * 8),
        (nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False), (4, 10, 8), 9 * 4 * 6 * 5 * 4),
        (nn.Conv2d(4, 6, 3, dilation=2), (4, 10, 8), 9 * 4 * 6 * 6 * 4),  # 10 - 4, 8 - 4
        (nn.Conv2d(4, 6, (1, 5)), (4, 10, 8), 5 * 4 * 6 * 10 * 4),
        # a group sees C_in / groups channels
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (4, 10, 8), 9 * 2 * 6 * 10 * 8),
        (nn.Conv2d(4, 4, 3, padding=1, groups=4), (4, 10, 8), 9 * 1 * 4 * 10 * 8),
        # transposed: every value of the INPUT is multiplied by k * k * C_out weights; the output has 20 x 16 places
        (nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), (4, 10, 8), 16 * 4 * 6 * 10 * 8),
        (nn.ConvTranspose2d(4, 6, 5, stride=2, padding=2, output_padding=1), (4, 10, 8), 25 * 4 * 6 * 10 * 8),
        (nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1, groups=2), (4, 10, 8), 16 * 4 * 3 * 10 * 8),
        (nn.Linear(30, 20), (30,), 30 * 20),
        (nn.Linear(30, 20, bias=False), (7, 30), 7 * 30 * 20),
        # what has no weights to multiply each place with
        (nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Upsample(scale_factor=2), nn.AvgPool2d(2)), (4, 8, 8), 0),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_layers_by_hand(layer, shape, expected, count):
    assert counted(layer.eval(), torch.zeros(count, *shape)) == count * expected


def test_products_of_matrices_by_hand():
    first, second = torch.zeros(5, 3, 4), torch.zeros(5, 4, 6)
    assert counted(torch.bmm, first, second) == 5 * 3 * 4 * 6
    assert counted(torch.matmul, first[0], second[0]) == 3 * 4 * 6
    assert counted(torch.einsum, "bij,bjk->bik", first, second) == 5 * 3 * 4 * 6


def test_a_partial_convolution_is_a_convolution():
    """Its mask is summed, not convolved: 3 * 3 * 6 weights, 5 filters, 8 x 8 places."""
    assert counted(PartialConv2d((4, 2), 5, 3), torch.zeros(2, 6, 8, 8), torch.ones(2, 2, 8, 8)) == 2 * 54 * 5 * 64


def test_a_dynamic_filter_is_17_convolutions():
    """W_0 and one for each of 16 mask features: 5 * 5 * 3 weights, 8 filters, stride 2."""
    layer = DynamicFilter2d(3, 8, 5, 2, mask_channels=16)
    assert counted(layer, torch.zeros(1, 3, 12, 12), torch.zeros(1, 16, 6, 6)) == 17 * 75 * 8 * 36


def test_a_gradient_counts_too():
    """A linear layer forward, and backward to its input: 2 products; its frozen weights take none."""
    layer = nn.Linear(6, 4).requires_grad_(False)
    x = torch.zeros(1, 6, requires_grad=True)
    with Counter() as counter:
        torch.autograd.grad(layer(x).sum(), x)
    assert counter.multiply_adds == 2 * 24


def on_paper(network, size):
    """Count on tensors without memory or values."""
    with torch.device("meta"):
        return counted(network().eval(), torch.zeros(1, 3, size, size), torch.ones(1, 1, size, size))


@pytest.mark.parametrize(("size", "giga"), [(256, 9.493), (512, 37.97)])
def test_pconv_is_the_papers_table(size, giga):
    """Weights of the appendix's layers times the places of their outputs, from 1/2 of the side to 1/256 and back."""
    down = [9_408, 204_800, 819_200, 1_179_648, *[2_359_296] * 4]
    up = [*[4_718_592] * 4, 1_769_472, 442_368, 110_592, 1_809]
    sides = [size >> level for level in range(1, 9)]
    expected = sum(weights * side**2 for weights, side in zip(down, sides, strict=True))
    expected += sum(weights * (2 * side) ** 2 for weights, side in zip(up, reversed(sides), strict=True))
    assert on_paper(UNet, size) == expected
    assert expected / 1e9 == pytest.approx(giga, abs=0.005)


def test_madf_is_its_layers():
    """Level by level at 256 px, by the tables of the architecture; K0, and what each refinement decoder adds."""
    e, u, k = [6, 16, 32, 64, 128, 128, 128, 128], [64, 128, 256, 512, 512, 512, 512], [7, 5, 3, 3, 3, 3, 3]
    side = [256 >> level for level in range(8)]
    total = 0
    for level in range(7):
        window = k[level] ** 2
        total += window * (16 if level else 3) * 16 * side[level + 1] ** 2  # mask features
        total += 17 * window * e[level] * e[level + 1] * side[level + 1] ** 2  # dynamic filter
        total += e[level + 1] * u[level] * side[level + 1] ** 2  # 1 x 1 to u
    for level in range(6, 0, -1):  # transposed 4 x 4 at the smaller side, 3 x 3 on both at the larger
        total += 16 * u[level] * u[level - 1] * side[level + 1] ** 2
        total += 9 * 2 * u[level - 1] * u[level - 1] * side[level] ** 2
    total += 16 * 64 * 3 * 128**2 + 9 * 9 * 3 * 256**2
    assert on_paper(lambda: MADFNet(refinements=0), 256) == total
    assert total / 1e9 == pytest.approx(10.433, abs=5e-4)
    for refinements in (1, 2):
        for level in range(6, 0, -1):  # the doubling; PN: 3 x 3 to 128, 3 x 3 to scale and shift
            total += 16 * u[level] * u[level - 1] * side[level + 1] ** 2
            total += 9 * (u[level - 1] * 128 + 128 * 2 * u[level - 1]) * side[level] ** 2
        # 1 x 1 to 3: from f^1 before its doubling, from the earlier pictures and e^0 at full size
        total += 64 * 3 * 128**2 + (3 * refinements + 6) * 3 * 256**2
        assert on_paper(lambda count=refinements: MADFNet(refinements=count), 256) == total
    assert total / 1e9 == pytest.approx(28.261 - 2 * 64 * 3 * (256**2 - 128**2) / 1e9, abs=5e-4)


def test_context_encoder_is_its_generator():
    """128 px, hole 64: kernels of 4, stride 2, two poolings, the third 1 x 1. The discriminators do not count."""
    encoder = 16 * 3 * 64 * 64**2 + 16 * 64 * 128 * 16**2 + 128 * 256 * 8**2 + 16 * 256 * 512 * 4**2 + 16 * 512 * 4000
    decoder = 16 * (4000 * 512 + 512 * 256 * 4**2 + 256 * 128 * 8**2 + 128 * 64 * 16**2 + 64 * 3 * 32**2)
    with torch.device("meta"):
        generator = nn.Sequential(Encoder(128, 3, 64, 4000, 1), Decoder(64, 3, 64, 4000, True)).eval()
        assert counted(generator, torch.zeros(1, 3, 128, 128)) == encoder + decoder
    small = ContextEncoder(size=64, hole=32, width=4, bottleneck=8).eval()
    alone = counted(small.generator, torch.zeros(1, 3, 64, 64))
    assert multiply_adds(small, batch(64)) == alone


def test_a_latent_search_counts_all_its_steps():
    """Width 4, 16 px, k5 s2. A step goes through both networks and back to z, the last look through both once."""
    model = DCGAN(size=16, width=4, latent=10, search_iterations=7, restarts=2, progress=False).eval()
    generator = 10 * 32 + 25 * (32 * 16 * 1 + 16 * 8 * 2**2 + 8 * 4 * 4**2 + 4 * 3 * 8**2)
    discriminator = 25 * (3 * 4 * 8**2 + 4 * 8 * 4**2 + 8 * 16 * 2**2 + 16 * 32) + 32
    assert multiply_adds(model, batch(16)) == 2 * (7 * 2 + 1) * (generator + discriminator)


def test_a_picture_is_counted_as_it_is_padded():
    assert multiply_adds(Toy(divisor=8), batch(17)) == multiply_adds(Toy(), batch(24)) == 9 * 3 * 3 * 24**2


def test_without_network_there_is_nothing_to_count():
    assert multiply_adds(MeanColor(), batch()) is None


def test_parameters_by_part():
    model = Toy()
    model.frozen = nn.Linear(2, 5).requires_grad_(False)
    model.idle = nn.ReLU()
    convolution = 3 * 3 * 9 + 3
    assert count_parameters(model) == {
        "parameters": convolution + 15,
        "parameters_trainable": convolution,
        "parameters_by_part": {"network": convolution, "frozen": 15},
    }
    assert count_parameters(MeanColor()) == {"parameters": 0, "parameters_trainable": 0, "parameters_by_part": {}}


def test_latency_is_the_median_per_picture_of_the_runs_after_the_first_two(monkeypatch):
    """Runs of 9, 9 (warm-up), 1, 5 and 2 seconds on two pictures: 1,000 ms each."""
    clock = iter(np.cumsum([0, 9, 0, 9, 0, 1, 0, 5, 0, 2]))
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    assert latency(Filling(), batch(count=2), repeats=3) == 1000


def test_latency_is_about_right():
    measured = latency(Filling(seconds=[0.0, 0.0, 0.05, 0.05, 0.05]), batch(), repeats=3)
    assert 50 <= measured < 5000


def test_the_pictures_and_their_masks():
    image, known = Subject(None, TELEA, {**CENTER, "side": 10}).batch(20, 2, 3, CPU)
    assert image.shape == (2, 3, 20, 20)
    assert known.sum().item() == 2 * (400 - 100)
    assert image.std() > 0.1
    assert batch(channels=1).image.shape == (1, 1, 16, 16)
    assert isinstance(batch(), Batch)


@pytest.mark.slow
def test_peak_memory_is_that_of_a_fresh_process():
    """What is ours, not what this process holds: 200 MiB that the model asks for, and 300 that stand around here."""
    ballast = np.ones(300 * 2**17)
    target = {"_target_": "tests.evaluation.test_complexity.Filling", "mebibytes": 200}
    subject = Subject(None, target, CENTER)
    measured = peak_memory(subject, Filling(200), batch())
    assert measured == pytest.approx(200, abs=20)
    assert ballast.nbytes == 300 * 2**20


def test_peak_memory_is_not_told_where_it_cannot_be(monkeypatch):
    monkeypatch.setattr(module, "peak_memory_mb", lambda device: None)
    assert peak_memory(Subject(None, TELEA, CENTER), MeanColor(), batch()) is None


def test_the_added_memory_of_a_checkpointless_method():
    added = module._added_memory({"ckpt": None, "model": TELEA, "mask": CENTER}, size=16, count=1, channels=3)
    assert 0 <= added < 100
    assert math.isfinite(added)
