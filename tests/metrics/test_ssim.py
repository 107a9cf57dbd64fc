import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.ssim import ssim_map

SCIKIT = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}


def picture(seed, size=(23, 31)):
    """Smooth areas beside noise, since flat areas are where SSIM is numerically delicate."""
    pixels = np.random.default_rng(seed).integers(0, 256, size).astype(np.float32)
    pixels[:, : size[1] // 2] = 200
    return pixels


def test_the_map_is_scikit_images():
    first, second = picture(0), picture(1)
    mean, expected = structural_similarity(first.astype(float), second.astype(float), full=True, **SCIKIT)
    ours = ssim_map(torch.from_numpy(first)[None, None], torch.from_numpy(second)[None, None])[0, 0]
    assert ours.shape == (13, 21)
    np.testing.assert_allclose(ours.numpy(), expected[5:-5, 5:-5], atol=2e-4)
    assert ours.mean().item() == pytest.approx(mean, abs=1e-5)


def test_each_picture_and_channel_stands_alone():
    first, second = torch.rand(2, 3, 16, 16) * 255, torch.rand(2, 3, 16, 16) * 255
    whole = ssim_map(first, second)
    torch.testing.assert_close(whole[1:, 2:], ssim_map(first[1:, 2:], second[1:, 2:]))


def test_alike_pictures_have_similarity_one():
    x = torch.rand(1, 1, 11, 11) * 255
    torch.testing.assert_close(ssim_map(x, x), torch.ones(1, 1, 1, 1))


def test_a_picture_smaller_than_the_window_is_refused():
    with pytest.raises(UserError, match="at least 11 x 11 pixels, got 10 x 40"):
        ssim_map(torch.rand(1, 3, 10, 40), torch.rand(1, 3, 10, 40))
