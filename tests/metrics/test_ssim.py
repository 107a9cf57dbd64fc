import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.pair import Pair
from inpaintlab.metrics.ssim import SSIM, MultiScaleSSIM, gaussian, ssim_strips
from tests.metrics.pictures import arrays, draw, protocol
from tests.metrics.recomputed import rint, valid

SCIKIT = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
WHOLE = torch.ones(1, 161, 161)


def picture(seed, size=(23, 31)):
    """Smooth areas beside noise, since flat areas are where SSIM is numerically delicate."""
    pixels = np.random.default_rng(seed).integers(0, 256, size).astype(np.float64)
    pixels[:, : size[1] // 2] = 200
    return pixels


def similarity(first, second):
    """The map of float64 (O, C, H, W) against (C, H, W)."""
    strips = ssim_strips(first, second, gaussian())
    return torch.cat([luminance * structure for _, luminance, structure in strips], dim=-2)


@pytest.mark.parametrize("size", [(23, 31), (42, 43), (75, 90)])  # less than a strip, a strip and a bit, several
def test_the_map_is_scikit_images(size):
    first, second = picture(0, size), picture(1, size)
    mean, expected = structural_similarity(first, second, full=True, **SCIKIT)
    outputs, truth = torch.from_numpy(first)[None, None], torch.from_numpy(second)[None]
    ours = similarity(outputs, truth)[0, 0]
    assert ours.shape == (size[0] - 10, size[1] - 10)
    np.testing.assert_allclose(ours.numpy(), expected[5:-5, 5:-5], atol=1e-9)
    value = SSIM()(Pair(outputs, truth), torch.ones(1, *size).double())["ssim"]
    assert value.item() == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("side", [7, 51])
def test_uniform_windows_of_any_side_are_scikit_images(side):
    first, second = picture(0, (75, 90)), picture(1, (75, 90))
    mean = structural_similarity(first, second, win_size=side, data_range=255)
    measure = SSIM(window="uniform", size=side, sigma=None, covariance="sample")
    pair = Pair(torch.from_numpy(first)[None, None], torch.from_numpy(second)[None])
    assert measure(pair, torch.ones(1, 75, 90).double())["ssim"].item() == pytest.approx(mean, abs=1e-9)


def test_each_output_and_channel_stands_alone():
    first, second = torch.rand(2, 3, 16, 16).double() * 255, torch.rand(3, 16, 16).double() * 255
    whole = similarity(first, second)
    torch.testing.assert_close(whole[1:, 2:], similarity(first[1:, 2:], second[2:]))


def test_alike_pictures_have_similarity_one():
    x = torch.rand(1, 11, 11).double() * 255
    assert similarity(x[None], x).tolist() == [[[[1.0]]]]


def test_a_picture_smaller_than_the_window_is_refused():
    with pytest.raises(UserError, match="at least 11 x 11 pixels, got 10 x 40"):
        similarity(torch.rand(1, 3, 10, 40).double(), torch.rand(3, 10, 40).double())


def halved(x):
    rows, columns = (range(0, side, 2) for side in x.shape)
    return np.array([[x[i : i + 2, j : j + 2].mean() for j in columns] for i in rows])


def recompute(a, b):
    """The paper's formula on one channel (H, W)."""
    product = 1.0
    for scale, exponent in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        if scale:
            a, b = (halved(x) for x in (a, b))
        ma, mb = valid(a), valid(b)
        va, vb, cov = valid(a * a) - ma**2, valid(b * b) - mb**2, valid(a * b) - ma * mb
        factor = (2 * cov + 58.5225) / (va + vb + 58.5225)
        if scale == 4:
            factor = factor * (2 * ma * mb + 6.5025) / (ma**2 + mb**2 + 6.5025)
        product *= max(factor.mean(), 0.0) ** exponent
    return product


@pytest.mark.slow
def test_against_the_formula_in_numpy():
    predictions, batch = draw(count=4, height=161, width=186)
    scores = protocol("standard").score(predictions, batch, ["ms_ssim"])
    assert all(("ms_ssim" in columns) == (region == "full") for (_, region), columns in scores.items())
    found = scores["prediction", "full"]["ms_ssim"]
    for index, (prediction, truth, _) in enumerate(arrays(predictions, batch)):
        channels = zip(rint(prediction).transpose(2, 0, 1), rint(truth).transpose(2, 0, 1), strict=True)
        assert found[index].item() == pytest.approx(np.mean([recompute(a, b) for a, b in channels]), abs=1e-6)
    assert found[2] == 1


def test_a_picture_against_its_negative_is_0_not_a_root_of_less():
    picture = (torch.rand(3, 161, 161) * 255).round()
    assert MultiScaleSSIM()(Pair((255 - picture)[None], picture), WHOLE)["ms_ssim"].tolist() == [[0.0]]


def test_pictures_too_small_for_the_coarsest_scale_are_refused():
    with pytest.raises(UserError, match="at least 161 x 161 pixels, got 160 x 300"):
        MultiScaleSSIM()(Pair(torch.rand(1, 3, 160, 300), torch.rand(3, 160, 300)), WHOLE)
