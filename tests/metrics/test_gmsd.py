"""Against the paper's formula (Xue et al. 2013, eq. 4 to 6), written anew in NumPy, and against piq."""

import numpy as np
import piq
import pytest
import torch
from scipy.ndimage import convolve

from inpaintlab.metrics.gmsd import GMSD
from inpaintlab.metrics.pair import Pair
from tests.metrics.pictures import arrays, draw, protocol
from tests.metrics.recomputed import rint


def recompute(a, b):
    """One picture (H, W, C) of 0 to 255, H and W even; the constant is 170 for values of 0 to 255."""
    luma = [x @ [0.299, 0.587, 0.114] for x in (a, b)]
    small = [x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).mean((1, 3)) for x in luma]
    prewitt = np.array([[1, 0, -1]] * 3) / 3
    first, second = (
        np.hypot(convolve(x, prewitt, mode="constant"), convolve(x, prewitt.T, mode="constant")) for x in small
    )
    similarity = (2 * first * second + 170) / (first**2 + second**2 + 170)
    return similarity.std()


def test_it_is_the_papers_in_the_full_region_of_both_outputs():
    predictions, batch = draw(count=4, height=56, width=70)
    scores = protocol("standard").score(predictions, batch, ["gmsd"])
    assert all(("gmsd" in columns) == (region == "full") for (_, region), columns in scores.items())
    found = scores["prediction", "full"]["gmsd"]
    for index, (prediction, truth, _) in enumerate(arrays(predictions, batch)):
        assert found[index].item() == pytest.approx(recompute(rint(prediction), rint(truth)), abs=1e-9)
    assert found[2] == 0
    assert found[3] > scores["completed", "full"]["gmsd"][3]  # known pixels put back are alike


@pytest.mark.parametrize("size", [(56, 70), (57, 70), (56, 71), (57, 71), (1, 1)])
def test_it_is_piqs_at_odd_sizes_too(size):
    first, second = (torch.rand(2, 3, *size).double() * 255).round(), (torch.rand(3, *size).double() * 255).round()
    expected = piq.gmsd(first, second.expand_as(first), reduction="none", data_range=255)
    found = GMSD()(Pair(first, second), torch.ones(1, *size))["gmsd"][:, 0]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_grey_pictures_have_one_too():
    first, second = (torch.rand(1, 20, 20) * 255).round(), (torch.rand(1, 20, 20) * 255).round()
    value = GMSD()(Pair(first[None], second), torch.ones(2, 20, 20))["gmsd"]
    assert value.shape == (1, 2)
    assert value[0, 0] == value[0, 1] > 0
