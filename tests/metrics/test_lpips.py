from urllib.error import URLError

import pytest
import torch
import torchvision
from torchmetrics.functional.image.lpips import _NoTrainLpips

from inpaintlab.errors import UserError
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.metrics.lpips import LPIPS


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


def test_weights_that_cannot_be_fetched_are_named(monkeypatch):
    def offline(*args, **kwargs):
        raise URLError("offline")

    monkeypatch.setattr(torchvision.models._api.WeightsEnum, "get_state_dict", offline)
    with pytest.raises(UserError, match=r"alexnet.*\.pth cannot be fetched.*metrics\.lpips_weights=<file>"):
        LPIPS("alex")
