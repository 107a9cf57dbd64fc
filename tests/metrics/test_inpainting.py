import datetime
import math
import socket

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.distributions import fid
from inpaintlab.metrics.feature_networks import load_network
from inpaintlab.metrics.inception import Inception
from inpaintlab.metrics.inpainting import InpaintingMetrics, frechet_distance
from tests.helpers.process import WARM
from tests.metrics.random_weights import scatter


def sample(seed, pictures=4, channels=3, size=16):
    generator = torch.Generator().manual_seed(seed)
    image, prediction = torch.rand(2, pictures, channels, size, size, generator=generator)
    known = (torch.rand(pictures, 1, size, size, generator=generator) > 0.3).float()
    batch = Batch(image, known)
    return composite(prediction, batch), batch


def values(metrics):
    return {name: float(value) for name, value in metrics.compute().items()}


def columns(picture, batch):
    """Each picture's own values by name."""
    metrics = InpaintingMetrics()
    found, _ = metrics.judge(picture, batch)
    return dict(zip(metrics.means.names, found.unbind(1), strict=True))


def test_the_mean_is_over_pictures_not_over_pixels():
    metrics = InpaintingMetrics()
    picture, batch = sample(0)
    picture[0] = (batch.image[0] + 0.02).clamp(0, 1)  # much better than the others
    metrics.update(picture[:1], Batch(*(part[:1] for part in batch)))
    metrics.update(picture[1:], Batch(*(part[1:] for part in batch)))
    expected = {name: column.mean().item() for name, column in columns(picture, batch).items()}
    assert values(metrics) == pytest.approx({**expected, "identical": 0})


def test_identical_pictures_are_counted_apart_and_never_infinite():
    metrics = InpaintingMetrics()
    picture, batch = sample(1)
    before = columns(picture, batch)["psnr"][1:].mean()
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
        torch.multiprocessing.start_processes(rank_values, (port, results), nprocs=2, start_method=WARM)
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


def noise(channels=3, pictures=2, size=24):
    torch.manual_seed(channels)
    known = torch.ones(pictures, 1, size, size)
    known[:, :, 8:18, 6:15] = 0
    return torch.rand(pictures, channels, size, size), Batch(torch.rand(pictures, channels, size, size), known)


def test_golden_psnr():
    # 51 of 255 everywhere: MSE = 51^2, PSNR = 20 log10(255 / 51) = 20 log10(5) = 13.9794 dB
    batch = Batch(torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
    judged = columns(torch.full((1, 3, 16, 16), 0.2), batch)
    assert judged["psnr"].item() == pytest.approx(13.9794, abs=1e-4)
    assert judged["l1"].item() == pytest.approx(0.2)


def test_golden_hole():
    # One hole pixel of 256 is wrong by 255: MSE 255^2 / 256 on the whole, 255^2 in the hole of 4 pixels / 4.
    known = torch.ones(1, 1, 16, 16)
    known[..., 7:9, 7:9] = 0
    prediction = torch.zeros(1, 1, 16, 16)
    prediction[..., 8, 8] = 1
    judged = columns(prediction, Batch(torch.zeros(1, 1, 16, 16), known))
    assert judged["psnr"].item() == pytest.approx(10 * math.log10(256), abs=1e-4)
    assert judged["psnr_hole"].item() == pytest.approx(10 * math.log10(4), abs=1e-4)
    assert judged["l1_hole"].item() == pytest.approx(0.25)


@pytest.mark.parametrize("channels", [1, 3])
def test_all_six_against_scikit_image_and_numpy(channels):
    prediction, batch = noise(channels)
    judged = columns(prediction, batch)
    for index in range(2):
        a, b = (
            np.rint(x[index].permute(1, 2, 0).double().numpy() * 255).astype(np.uint8)
            for x in (prediction, batch.image)
        )
        hole = batch.hole[index, 0].numpy() > 0
        similarity, full = structural_similarity(
            a, b, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
        )
        difference = a.astype(float) - b.astype(float)
        inner = np.zeros_like(hole)
        inner[5:-5, 5:-5] = hole[5:-5, 5:-5]
        expected = {
            "psnr": peak_signal_noise_ratio(b, a),
            "ssim": similarity,
            "l1": np.abs(difference).mean() / 255,
            "psnr_hole": 10 * math.log10(255**2 / (difference[hole] ** 2).mean()),
            "ssim_hole": full[inner].mean(),
            "l1_hole": np.abs(difference[hole]).mean() / 255,
        }
        for name, value in expected.items():
            assert judged[name][index].item() == pytest.approx(value, abs=1e-4), name


def identical(picture, batch):
    """Whether each picture counts as the truth."""
    return (InpaintingMetrics().judge(picture, batch)[1] == 0).tolist()


def missing(picture, batch):
    """The measures that the first picture does not have."""
    return [name for name, column in columns(picture, batch).items() if column[0].isnan()]


def test_values_are_rounded_to_8_bits_first():
    _, batch = noise()
    truth = (batch.image * 255).round().clamp(1, 254) / 255
    assert identical(truth + 0.4 / 255, Batch(truth, batch.known)) == [True, True]
    assert identical(truth + 0.6 / 255, Batch(truth, batch.known)) == [False, False]


def test_an_identical_picture_has_no_psnr():
    _, batch = noise()
    assert identical(batch.image, batch) == [True, True]
    assert missing(batch.image, batch) == ["psnr", "psnr_hole"]


def test_a_picture_without_hole_has_no_hole_measures():
    prediction, batch = noise()
    without = Batch(batch.image, torch.ones_like(batch.known))
    assert missing(prediction, without) == ["psnr_hole", "ssim_hole", "l1_hole"]


def test_a_hole_at_the_rim_has_no_ssim_of_its_own():
    prediction, batch = noise()
    known = torch.ones_like(batch.known)
    known[..., :5, :] = 0
    assert missing(prediction, Batch(batch.image, known)) == ["ssim_hole"]


def test_a_prediction_that_is_not_a_number_is_not_overlooked():
    prediction, batch = noise()
    prediction[0, 0, 10, 10] = torch.nan
    metrics = InpaintingMetrics()
    metrics.update(prediction, batch)
    assert all(math.isnan(values(metrics)[name]) for name in metrics.means.names)
    assert not any(column[1].isnan() for column in columns(prediction, batch).values())


def test_autocast_does_not_change_the_measures():
    prediction, batch = noise()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = columns(prediction, batch)
    assert all(torch.equal(inside[name], column) for name, column in columns(prediction, batch).items())


def test_the_fid_of_training_is_that_of_an_evaluation(tmp_path):
    path = tmp_path / "inception.pth"
    torch.save(scatter(Inception(64)).state_dict(), path)
    metric, network = frechet_distance(64, str(path)), load_network("inception2015", str(path), features=64)
    real, fake = torch.randint(0, 256, (2, 5, 3, 24, 24), dtype=torch.uint8)
    fake //= 2
    for part in (slice(0, 2), slice(2, 5)):
        metric.update(real[part], real=True)
        metric.update(fake[part], real=False)
    expected = fid(*(network(x)["features"].numpy() for x in (real, fake)))
    assert metric.compute().item() == pytest.approx(expected, rel=1e-3)


def test_a_file_that_is_no_inception_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"metrics\.fid_weights=.*other\.pth: not torch-fidelity's Inception weights"):
        frechet_distance(64, str(path))
