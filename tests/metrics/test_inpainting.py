import datetime
import math
import socket

import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.metrics.pictures import NAMES, judge


def sample(seed, pictures=4, channels=3, size=16):
    generator = torch.Generator().manual_seed(seed)
    image, prediction = torch.rand(2, pictures, channels, size, size, generator=generator)
    known = (torch.rand(pictures, 1, size, size, generator=generator) > 0.3).float()
    batch = Batch(image, known)
    return composite(prediction, batch), batch


def values(metrics):
    return {name: float(value) for name, value in metrics.compute().items()}


def test_the_mean_is_over_pictures_not_over_pixels():
    metrics = InpaintingMetrics()
    picture, batch = sample(0)
    picture[0] = (batch.image[0] + 0.02).clamp(0, 1)  # much better than the others
    metrics.update(picture[:1], Batch(*(part[:1] for part in batch)))
    metrics.update(picture[1:], Batch(*(part[1:] for part in batch)))
    expected = judge(picture, batch).values.double().mean(0)
    assert values(metrics) == pytest.approx({**dict(zip(NAMES, expected.tolist(), strict=True)), "identical": 0})


def test_identical_pictures_are_counted_apart_and_never_infinite():
    metrics = InpaintingMetrics()
    picture, batch = sample(1)
    before = judge(picture, batch).values[1:, 0].mean()
    picture[0] = batch.image[0]
    metrics.update(picture, batch)
    assert values(metrics)["identical"] == 1
    assert values(metrics)["psnr"] == pytest.approx(before.item(), abs=1e-5)
    metrics.reset()
    metrics.update(batch.image, batch)
    assert values(metrics)["identical"] == 4
    assert math.isnan(values(metrics)["psnr"])
    assert values(metrics)["ssim"] == pytest.approx(1)


def test_two_instances_merged_are_one():
    parts, whole = [InpaintingMetrics(), InpaintingMetrics()], InpaintingMetrics()
    for seed, part in enumerate(parts):
        for metrics in (part, whole):
            metrics.update(*sample(seed, pictures=2 + seed))
    parts[0].means.merge_state(parts[1].means)
    assert values(parts[0]) == pytest.approx(values(whole))


def rank_values(rank, port, results):
    torch.distributed.init_process_group(
        "gloo", f"tcp://127.0.0.1:{port}", world_size=2, rank=rank, timeout=datetime.timedelta(seconds=30)
    )
    metrics = InpaintingMetrics()
    metrics.update(*sample(rank, pictures=2 + rank))
    results[rank] = values(metrics)
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_agree_on_the_mean_of_all():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with torch.multiprocessing.Manager() as manager:
        results = manager.dict()
        torch.multiprocessing.spawn(rank_values, (port, results), nprocs=2)
        results = dict(results)
    whole = InpaintingMetrics()
    for rank in range(2):
        whole.update(*sample(rank, pictures=2 + rank))
    assert results[0] == results[1] == pytest.approx(values(whole))


def test_it_stays_out_of_a_models_state():
    module = nn.Module()
    module.metrics = InpaintingMetrics()
    assert not module.state_dict()
    assert not list(module.modules())[1:]


class Colours(nn.Module):
    """Mean colours as the features."""

    num_features = 3

    def forward(self, pictures):
        assert pictures.dtype == torch.uint8
        return pictures.float().mean((2, 3))


def test_fid_with_a_network_of_ones_own():
    metrics = InpaintingMetrics(fid=Colours())
    _, batch = sample(2, pictures=8)
    metrics.update(batch.image, batch)
    assert values(metrics)["fid"] == pytest.approx(0, abs=1e-3)
    metrics.reset()
    # The same colours, 10 of 255 brighter: equal covariance, so FID = |10|^2 * 3 channels.
    image = (batch.image * 200).round() / 255
    metrics.update(image + 10 / 255, Batch(image, batch.known))
    assert values(metrics)["fid"] == pytest.approx(300, rel=1e-3)


def test_fid_of_one_picture_does_not_exist():
    metrics = InpaintingMetrics(fid=Colours())
    metrics.update(*sample(0, pictures=1, channels=1))
    assert math.isnan(values(metrics)["fid"])


def test_wrong_choices_are_named(tmp_path):
    with pytest.raises(UserError, match=r"metrics\.lpips=squeeze: expected one of alex, vgg"):
        InpaintingMetrics(lpips="squeeze")
    with pytest.raises(UserError, match=r"metrics\.fid=100: expected 64, 192, 768 or 2048"):
        InpaintingMetrics(fid=100)
    with pytest.raises(UserError, match=r"metrics\.lpips_weights=.*no such file.*https://"):
        InpaintingMetrics(lpips="alex", lpips_weights=str(tmp_path / "none.pth"))
    with pytest.raises(UserError, match=r"metrics\.fid_weights=.*no such file.*https://"):
        InpaintingMetrics(fid=64, fid_weights=str(tmp_path / "none.pth"))
