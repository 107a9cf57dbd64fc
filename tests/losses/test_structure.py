import math

import pytest
import torch
from skimage.metrics import structural_similarity

from inpaintlab.losses.structure import log_error, structural_dissimilarity


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 24, 20, generator=generator, dtype=torch.float64)
    known = torch.ones(2, 1, 24, 20, dtype=torch.float64)
    known[0, :, 8:14, 8:12] = 0
    known[1, :, 5:19, 5:15] = 0
    noise = torch.randn(image.shape, generator=generator, dtype=torch.float64) * 0.1
    return image + (1 - known) * noise, image, known


def test_log_error_is_the_mean_psnr(pictures):
    completed, image, known = pictures
    psnr = [-10 * math.log10(((completed[b] - image[b])[:, known[b, 0] == 0] ** 2).mean()) for b in range(len(image))]
    expected = -math.log(10) / 10 * sum(psnr) / len(psnr)
    assert float(log_error(*pictures, floor=0)) == pytest.approx(expected)


def test_dissimilarity_is_scikit_images_ssim_in_the_hole(pictures):
    completed, image, known = pictures
    expected = []
    for b in range(len(image)):
        _, ssim = structural_similarity(
            image[b].numpy(), completed[b].numpy(), win_size=7, channel_axis=0, data_range=1, full=True,
            use_sample_covariance=False,
        )  # fmt: skip
        expected.append(1 - ssim[:, known[b, 0].numpy() == 0].mean())
    assert float(structural_dissimilarity(*pictures)) == pytest.approx(sum(expected) / len(expected), rel=1e-6)


def test_windows_on_every_second_pixel_are_a_sample(pictures):
    completed, image, known = (x.repeat_interleave(2, -1).repeat_interleave(2, -2) for x in pictures)
    every = structural_dissimilarity(completed, image, known)
    assert float(structural_dissimilarity(completed, image, known, stride=2)) == pytest.approx(float(every), rel=0.1)


def test_equal_pictures_and_pictures_without_hole(pictures):
    _, image, known = pictures
    assert float(structural_dissimilarity(image, image, known)) == pytest.approx(0)
    assert float(log_error(image, image, known)) == pytest.approx(math.log(2e-3))
    whole = torch.ones_like(known)
    assert float(structural_dissimilarity(image, image, whole)) == 0
    assert torch.isfinite(log_error(image, image, whole))


@pytest.mark.parametrize("loss", [log_error, structural_dissimilarity])
def test_gradients(pictures, loss):
    completed, image, known = (x[:1, :, 4:16, 4:14] for x in pictures)
    assert torch.autograd.gradcheck(lambda x: loss(x, image, known), completed.clone().requires_grad_())
