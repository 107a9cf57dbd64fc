import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaintlab.batch import Batch
from inpaintlab.metrics.pictures import NAMES, eight_bit, judge


def sample(channels=3, pictures=2, size=24):
    torch.manual_seed(channels)
    known = torch.ones(pictures, 1, size, size)
    known[:, :, 8:18, 6:15] = 0
    return torch.rand(pictures, channels, size, size), Batch(torch.rand(pictures, channels, size, size), known)


def columns(judged):
    return {name: judged.values[:, index] for index, name in enumerate(NAMES)}


def test_golden_psnr():
    # 51 of 255 everywhere: MSE = 51^2, PSNR = 20 log10(255 / 51) = 20 log10(5) = 13.9794 dB
    batch = Batch(torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
    judged = columns(judge(torch.full((1, 3, 16, 16), 0.2), batch))
    assert judged["psnr"].item() == pytest.approx(13.9794, abs=1e-4)
    assert judged["l1"].item() == pytest.approx(0.2)


def test_golden_hole():
    # One hole pixel of 256 is wrong by 255: MSE 255^2 / 256 on the whole, 255^2 in the hole of 4 pixels / 4.
    known = torch.ones(1, 1, 16, 16)
    known[..., 7:9, 7:9] = 0
    prediction = torch.zeros(1, 1, 16, 16)
    prediction[..., 8, 8] = 1
    judged = columns(judge(prediction, Batch(torch.zeros(1, 1, 16, 16), known)))
    assert judged["psnr"].item() == pytest.approx(10 * math.log10(256), abs=1e-4)
    assert judged["psnr_hole"].item() == pytest.approx(10 * math.log10(4), abs=1e-4)
    assert judged["l1_hole"].item() == pytest.approx(0.25)


@pytest.mark.parametrize("channels", [1, 3])
def test_all_six_against_scikit_image_and_numpy(channels):
    prediction, batch = sample(channels)
    judged = columns(judge(prediction, batch))
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


def test_values_are_rounded_to_8_bits_first():
    _, batch = sample()
    truth = (batch.image * 255).round().clamp(1, 254) / 255
    assert judge(truth + 0.4 / 255, Batch(truth, batch.known)).identical.all()
    assert not judge(truth + 0.6 / 255, Batch(truth, batch.known)).identical.any()
    assert eight_bit(torch.tensor([-0.1, 0.5, 1.2])).tolist() == [0, 128, 255]


def test_an_identical_picture_has_no_psnr():
    _, batch = sample()
    judged = judge(batch.image, batch)
    assert judged.identical.all()
    assert judged.counted[0].tolist() == [False, True, True, False, True, True]


def test_a_picture_without_hole_has_no_hole_measures():
    prediction, batch = sample()
    judged = judge(prediction, Batch(batch.image, torch.ones_like(batch.known)))
    assert judged.counted[0].tolist() == [True, True, True, False, False, False]


def test_a_hole_at_the_rim_has_no_ssim_of_its_own():
    prediction, batch = sample()
    known = torch.ones_like(batch.known)
    known[..., :5, :] = 0
    assert judge(prediction, Batch(batch.image, known)).counted[0].tolist() == [True, True, True, True, False, True]


def test_a_prediction_that_is_not_a_number_is_not_overlooked():
    prediction, batch = sample()
    prediction[0, 0, 10, 10] = torch.nan
    judged = judge(prediction, batch)
    assert judged.counted[0].all()
    assert judged.values[0].isnan().all()
    assert not judged.values[1].isnan().any()


def test_autocast_does_not_change_the_measures():
    prediction, batch = sample()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = judge(prediction, batch).values
    assert torch.equal(inside, judge(prediction, batch).values)
