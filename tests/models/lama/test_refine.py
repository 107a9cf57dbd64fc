import cv2
import numpy as np
import pytest
import torch

from inpaintlab.models.lama import refine as refine_file
from inpaintlab.models.lama.network import Generator
from inpaintlab.models.lama.refine import _down, _inner_half, count_levels, refine
from inpaintlab.models.lama.symmetric import fill_any_size
from inpaintlab.models.padding import extend
from tests.models.contract import smooth_pictures


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Generator(width=4, blocks=1).eval()


@pytest.fixture
def small(monkeypatch):
    """Let pictures of 32 px count as large."""
    monkeypatch.setattr(refine_file, "BASE", 16)


def pictures(count=1, height=32, width=40):
    torch.manual_seed(1)
    image, known = torch.rand(count, 3, height, width), torch.ones(count, 1, height, width)
    known[..., 4:28, 6:32] = 0
    return image * known, known


@pytest.mark.parametrize(
    ("size", "levels"),
    [((256, 256), 1), ((512, 900), 1), ((724, 800), 1), ((725, 800), 2), ((1024, 2000), 2), ((2048, 2048), 3),
     ((9000, 9000), 3)],
)  # fmt: skip
def test_levels(size, levels):
    """1 + round(log2(shorter / 512)): the second begins at 512 sqrt(2) = 724.08 px."""
    assert count_levels(*size) == levels


@pytest.mark.parametrize("size", [(20, 40), (5, 7)])
def test_a_small_picture_is_filled_as_usual(network, size):
    torch.manual_seed(1)
    corrupted, known = torch.rand(2, 3, *size), torch.ones(2, 1, *size)
    with torch.no_grad():
        expected = fill_any_size(network, corrupted, known)
    torch.testing.assert_close(refine(network, corrupted, known), expected)  # one by one, not as a batch


def distance(network, corrupted, known, prediction):
    """Known pixels, and the hole at half size away from its edge: what refinement minimises."""
    with torch.no_grad():
        hole = 1 - known
        half = (_down(hole) >= 1e-8).float()
        smaller = network(extend(_down(corrupted), 8), extend(1 - half, 8))[..., :16, :20]
    inner = _inner_half(hole).expand_as(smaller)
    assert inner.any()
    apart = (_down(prediction) - smaller)[inner].abs().mean()
    return ((prediction - corrupted) * known).abs().sum() / (3 * known.sum()) + apart


@pytest.mark.usefixtures("small")
def test_it_comes_nearer_to_what_it_follows(network, monkeypatch):
    monkeypatch.setattr(refine_file, "ERODED", 3)
    with torch.no_grad():
        network.paint.weight.mul_(30)  # untrained, it paints everything grey
    known = pictures()[1]
    corrupted = smooth_pictures(1, 3, 40)[..., :32, :] * known
    before = refine(network, corrupted, known, iterations=1)
    with torch.no_grad():
        torch.testing.assert_close(before, network(corrupted, known))  # one prediction, no step
    after = refine(network, corrupted, known, iterations=15, lr=0.3)
    assert after.shape == corrupted.shape
    assert distance(network, corrupted, known, after) < 0.95 * distance(network, corrupted, known, before)


@pytest.mark.usefixtures("small")
def test_steps_are_one_fewer_than_predictions(network, monkeypatch):
    calls, steps = [], []
    decode, step = Generator.decode, torch.optim.Adam.step
    monkeypatch.setattr(Generator, "decode", lambda self, maps: calls.append(1) or decode(self, maps))
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: steps.append(1) or step(self))
    refine(network, *pictures())
    assert (len(calls), len(steps)) == (1 + 15, 14)


@pytest.mark.usefixtures("small")
def test_no_weight_moves_or_gets_a_gradient_and_pictures_are_apart(network):
    """Under no_grad too, as predict calls it; what lies under the hole changes nothing."""
    corrupted, known = pictures(2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        both = refine(network, corrupted, known, iterations=3)
    assert not both.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    alone = refine(network, corrupted[1:] + 5 * (1 - known[1:]), known[1:], iterations=3)
    torch.testing.assert_close(both[1:], alone)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [(64, 72), (35, 50)])
def test_three_levels_and_odd_sizes(network, size):
    corrupted, known = pictures(height=size[0], width=size[1])
    prediction = refine(network, corrupted, known, iterations=2)
    assert prediction.shape == corrupted.shape
    assert prediction.isfinite().all()


@pytest.mark.usefixtures("small")
def test_nothing_known_and_nothing_missing(network):
    corrupted, known = pictures()
    for everywhere in (torch.ones_like(known), torch.zeros_like(known)):
        assert refine(network, corrupted * everywhere, everywhere, iterations=2).isfinite().all()


def test_a_picture_above_the_limit_comes_back_at_its_size(network, monkeypatch):
    monkeypatch.setattr(refine_file, "MOST_PIXELS", 600)
    seen = []
    monkeypatch.setattr(network, "forward", lambda corrupted, known: seen.append(corrupted.shape) or corrupted)
    corrupted, known = pictures(height=40, width=60)
    assert refine(network, corrupted, known).shape == corrupted.shape
    assert seen == [(1, 3, 24, 32)]  # 20 x 30 pixels and padding


def test_refines_a_network_without_fourier_units(small):
    network = Generator(width=4, blocks=1, convolution="regular").eval()
    assert refine(network, *pictures(), iterations=2).isfinite().all()


def test_halving_is_opencvs_gaussian_and_a_mean_of_four():
    """At even sizes the bilinear halving is the mean of 2 x 2 pixels."""
    picture = torch.rand(1, 3, 16, 20)
    smooth = cv2.GaussianBlur(picture[0].permute(1, 2, 0).numpy(), (5, 5), 1, borderType=cv2.BORDER_REFLECT_101)
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(smooth).permute(2, 0, 1)[None], 2)
    torch.testing.assert_close(_down(picture), expected, rtol=1e-5, atol=1e-6)


def test_inner_half_is_opencvs_erosion():
    torch.manual_seed(0)
    hole = torch.zeros(1, 1, 90, 120)
    hole[..., 5:80, 10:110] = 1
    hole[..., 40, 60] = 0
    half = (torch.nn.functional.avg_pool2d(hole, 2)[0, 0].numpy() == 1).astype(np.uint8)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    expected = cv2.erode(half, ellipse)
    found = _inner_half(hole)[0, 0].numpy()
    assert 0 < expected.sum() < half.sum()
    assert np.array_equal(found, expected > 0)
