import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.ms_ssim import ms_ssim
from inpaintlab.metrics.pair import Pair
from tests.metrics.pictures import arrays, draw, protocol
from tests.metrics.recomputed import rint, valid


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


def test_against_the_formula_in_numpy():
    predictions, batch = draw(count=4, height=161, width=186)
    scores = protocol("standard").score(predictions, batch, ["ms_ssim"])
    assert all(("ms_ssim" in columns) == (region == "full") for (_, region), columns in scores.items())
    found = scores["raw", "full"]["ms_ssim"]
    for index, (prediction, truth, _) in enumerate(arrays(predictions, batch)):
        channels = zip(rint(prediction).transpose(2, 0, 1), rint(truth).transpose(2, 0, 1), strict=True)
        assert found[index].item() == pytest.approx(np.mean([recompute(a, b) for a, b in channels]), abs=1e-6)
    assert found[2] == 1


def test_a_picture_against_its_negative_is_0_not_a_root_of_less():
    picture = (torch.rand(3, 161, 161) * 255).round()
    assert ms_ssim(Pair((255 - picture)[None], picture)).tolist() == [0.0]


def test_small_pictures_are_refused():
    with pytest.raises(UserError, match="at least 161 x 161 pixels, got 160 x 300"):
        ms_ssim(Pair(torch.rand(1, 3, 160, 300), torch.rand(3, 160, 300)))
