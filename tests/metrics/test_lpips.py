from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from torchmetrics.functional.image.lpips import _NoTrainLpips

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.metrics.lpips import LPIPS
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


def test_the_distance_is_that_of_torchmetrics(weights):
    ours = LPIPS("alex", weights)
    theirs = _NoTrainLpips(net="alex", pnet_rand=True)  # torchmetrics' heads, the backbone follows
    for part in (f"slice{i}" for i in range(1, 6)):
        for index, layer in getattr(theirs.net, part).named_children():
            layer.load_state_dict(ours.features[int(index)].state_dict(), strict=False)
    first, second = torch.rand(2, 2, 3, 40, 48)
    torch.testing.assert_close(
        ours.distance(first, second), theirs(first, second, normalize=True).flatten(), rtol=1e-4, atol=1e-6
    )


def test_the_mean_over_pictures_is_among_the_metrics(weights):
    from tests.metrics.test_inpainting import sample

    metrics = InpaintingMetrics(lpips="alex", lpips_weights=weights)
    picture, batch = sample(0, pictures=3, channels=1, size=32)
    metrics.update(picture, batch)
    both = [(x.mul(255).round() / 255).expand(-1, 3, -1, -1) for x in (picture, batch.image)]
    expected = metrics.lpips.distance(*both).mean()
    assert metrics.compute()["lpips"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_small_pictures_are_refused(weights):
    with pytest.raises(UserError, match="at least 31 pixels, got 16 x 16"):
        LPIPS("alex", weights).update(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))


def test_weights_of_another_network_are_refused(weights):
    with pytest.raises(UserError, match="not torchvision's weights of vgg16"):
        LPIPS("vgg", weights)


def test_weights_that_cannot_be_fetched_are_named(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise URLError("offline")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(UserError, match=r"alexnet.*\.pth cannot be fetched.*offline.*metrics\.lpips_weights=<file>"):
        LPIPS("alex")
    with pytest.raises(UserError, match=r"vgg16.*\.pth cannot be fetched.*weights\.lpips_vgg=<file>"):
        LPIPS("vgg", key="weights.lpips_vgg")


def recomputed(network, first, second):
    """Equation (1) of the paper for one pair (3, H, W) in [0, 1], spelt out in NumPy after each tapped layer."""
    total = 0.0
    for layer in range(len(network.features)):
        if layer not in network.taps:
            continue
        maps = []
        for picture in (first, second):
            x = picture[None] * 2 - 1
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
    network = LPIPS(name, request.getfixturevalue({"alex": "weights", "vgg": "vgg_weights"}[name]))
    first, second = torch.rand(2, 3, 3, 40, 36, generator=torch.Generator().manual_seed(0))
    found = network.distance(first, second)
    assert found.shape == (3,)
    assert found.dtype == torch.float32
    for index in range(3):
        expected = recomputed(network, first[index], second[index])
        assert found[index].item() == pytest.approx(expected, rel=1e-5)
        alone = network.distance(first[index : index + 1], second[index : index + 1])
        assert alone.item() == pytest.approx(found[index].item(), rel=1e-5)
    assert network.distance(first, first).tolist() == [0, 0, 0]


def test_precision_around_it_changes_nothing(weights):
    network = LPIPS("alex", weights)
    first, second = torch.rand(2, 1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        found = network.distance(first.half(), second.half())
    assert torch.equal(found, network.distance(first.half(), second.half()))
