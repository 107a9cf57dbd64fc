from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from torchmetrics.functional.image.lpips import _NoTrainLpips

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import composite
from inpaintlab.metrics import lpips
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.metrics.lpips import LpipsNetwork
from tests.metrics.pictures import draw, protocol
from tests.metrics.random_weights import scatter


@pytest.fixture(scope="module")
def vgg_weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    torch.save(scatter(torchvision.models.vgg16(init_weights=False)).state_dict(), path)
    return str(path)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(torchvision.models.alexnet().state_dict(), path)
    return str(path)


@pytest.mark.slow
def test_the_distance_is_that_of_torchmetrics(weights):
    ours = LpipsNetwork("alex", weights)
    theirs = _NoTrainLpips(net="alex", pnet_rand=True)  # torchmetrics' heads, the backbone follows
    for part in (f"slice{i}" for i in range(1, 6)):
        for index, layer in getattr(theirs.net, part).named_children():
            layer.load_state_dict(ours.features[int(index)].state_dict(), strict=False)
    first, second = torch.rand(2, 2, 3, 40, 48)
    torch.testing.assert_close(
        ours(2 * first - 1, 2 * second - 1), theirs(first, second, normalize=True).flatten(), rtol=1e-4, atol=1e-6
    )


def test_the_mean_over_pictures_is_among_the_metrics(weights):
    from tests.metrics.test_inpainting import sample

    metrics = InpaintingMetrics(lpips="alex", lpips_weights=weights)
    picture, batch = sample(0, pictures=3, channels=1, size=32)
    metrics.update(picture, batch)
    both = [(2 * x.mul(255).round() / 255 - 1).expand(-1, 3, -1, -1) for x in (picture, batch.image)]
    expected = metrics.networks[0](*both).mean()
    assert metrics.compute()["lpips_alex"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_small_pictures_are_refused(weights):
    with pytest.raises(UserError, match="at least 31 pixels, got 16 x 16"):
        LpipsNetwork("alex", weights)(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))


@pytest.mark.slow
def test_weights_of_another_network_are_refused(weights):
    with pytest.raises(UserError, match="not torchvision's weights of vgg16"):
        LpipsNetwork("vgg", weights)


def test_weights_that_cannot_be_fetched_are_named(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise URLError("offline")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(UserError, match=r"alexnet.*\.pth cannot be fetched.*offline.*metrics\.lpips_weights=<file>"):
        LpipsNetwork("alex", key="metrics.lpips_weights")
    with pytest.raises(UserError, match=r"vgg16.*\.pth cannot be fetched.*weights\.lpips_vgg=<file>"):
        LpipsNetwork("vgg", key="weights.lpips_vgg")


def recomputed(network, first, second):
    """Equation (1) of the paper for one pair (3, H, W) in [-1, 1], spelt out in NumPy after each tapped layer."""
    total = 0.0
    for layer in range(len(network.features)):
        if layer not in network.taps:
            continue
        maps = []
        for picture in (first, second):
            x = picture[None]
            x = (x - torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)) / torch.tensor([0.458, 0.448, 0.450]).view(
                3, 1, 1
            )
            x = network.features[: layer + 1](x)[0].numpy().astype(np.float64)
            maps.append(x / np.sqrt((x**2).sum(0)).clip(1e-12))
        head = network.features.get_buffer(f"head{network.taps.index(layer)}").numpy().astype(np.float64)[0]
        total += (head * (maps[0] - maps[1]) ** 2).sum(0).mean()
    return total


@pytest.mark.parametrize("name", ["alex", pytest.param("vgg", marks=pytest.mark.slow)])
def test_each_picture_has_the_distance_of_the_paper(name, request):
    network = LpipsNetwork(name, request.getfixturevalue({"alex": "weights", "vgg": "vgg_weights"}[name]))
    first, second = 2 * torch.rand(2, 3, 3, 40, 36, generator=torch.Generator().manual_seed(0)) - 1
    found = network(first, second)
    assert found.shape == (3,)
    assert found.dtype == torch.float32
    for index in range(3):
        expected = recomputed(network, first[index], second[index])
        assert found[index].item() == pytest.approx(expected, rel=1e-5)
        alone = network(first[index : index + 1], second[index : index + 1])
        assert alone.item() == pytest.approx(found[index].item(), rel=1e-5)
    assert network(first, first).tolist() == [0, 0, 0]
    torch.testing.assert_close(network(first, second[:1]), network(first, second[:1].expand_as(first)))


def test_precision_around_it_changes_nothing(weights):
    network = LpipsNetwork("alex", weights)
    first, second = torch.rand(2, 1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        found = network(first.half(), second.half())
    assert torch.equal(found, network(first.half(), second.half()))


class Stub(torch.nn.Module):
    """Keeps what the network would see, and tells the mean difference."""

    made: list["Stub"] = []  # noqa: RUF012

    def __init__(self, network, weights=None, key=""):
        super().__init__()
        self.network, self.weights, self.key = network, weights, key
        self.seen = []
        Stub.made.append(self)

    def forward(self, first, second):
        self.seen.append((first, second))
        return (first - second).abs().mean((1, 2, 3))


@pytest.fixture
def stubs(monkeypatch):
    monkeypatch.setattr(lpips, "LpipsNetwork", Stub)
    monkeypatch.setattr(Stub, "made", [])
    return Stub


@pytest.mark.parametrize(
    ("name", "networks", "low"),
    [
        ("standard", ["alex", "vgg"], -1),
        ("mat", ["alex"], -1),
        ("lama", ["vgg"], -1),
        ("rn", ["alex"], 0),
        ("lbam", ["alex"], -1),
        ("torchmetrics", ["alex"], -1),
        ("pyiqa", ["alex", "vgg"], -1),
    ],
)
def test_each_protocol_shows_its_networks_its_own_range(stubs, name, networks, low):
    predictions, batch = draw(count=3, height=40, width=44)
    here = protocol(name)
    here.prepare(["lpips"], "cpu", {"lpips_alex": "alex.pth"})
    assert [one.network for one in stubs.made] == networks
    assert [one.weights for one in stubs.made] == ["alex.pth" if net == "alex" else None for net in networks]
    assert stubs.made[0].key == f"weights.lpips_{networks[0]}"
    scores = here.score(predictions, batch, ["lpips"])
    for (_, region), columns in scores.items():
        assert set(columns) == {"mse", *(f"lpips_{net}" for net in networks if region == "full")}
    column = scores["completed", "full"][f"lpips_{networks[0]}"]
    assert (column.dtype, column.shape) == (torch.float64, (3,))
    shown = stubs.made[0].seen  # a call for each picture, with all outputs
    first, second = torch.cat([a[:1] for a, _ in shown]), torch.cat([b for _, b in shown])
    torch.testing.assert_close(second, batch.image * (1 - low) + low, rtol=0, atol=1e-6)
    steps = 1 if low else 1 / 2  # of the cast to 8 bits, in [0, 1]
    torch.testing.assert_close(first, composite(predictions, batch) * (1 - low) + low, rtol=0, atol=2 * steps / 255)


def test_a_network_is_loaded_only_if_it_is_asked_for(stubs):
    protocol("standard").prepare(["psnr", "ssim"], "cpu", {})
    protocol("mmagic").prepare(["lpips"])
    assert stubs.made == []


def test_grey_pictures_are_shown_as_three_equal_channels(stubs):
    predictions, batch = draw(count=3, channels=1)
    here = protocol("standard")
    here.prepare(["lpips"])
    here.score(predictions, batch, ["lpips"])
    seen = [picture for pair in stubs.made[0].seen for picture in pair]
    assert all(one.shape[1] == 3 and torch.equal(one[:, 0], one[:, 2]) for one in seen)
