import cv2
import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.irregular import Irregular


def holes(maker, number=30, size=128):
    return [(maker((size, size), torch.Generator().manual_seed(seed)) == 0)[0].numpy() for seed in range(number)]


def compactness(hole):
    """Return 4 pi area / perimeter^2 of the largest piece: 1 for a disc, small for a streak."""
    contours, _ = cv2.findContours(hole.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    return 4 * np.pi * cv2.contourArea(largest) / cv2.arcLength(largest, True) ** 2


def test_default_ratio_reaches_from_small_to_large():
    shares = [hole.mean() for hole in holes(Irregular(), 100, 64)]
    assert min(shares) > 0.01
    assert max(shares) <= 0.6
    assert np.ptp(shares) > 0.5


def test_streaks_are_longer_than_blobs():
    rule = {"ratio": (0.03, 0.06)}
    streaks = np.median([compactness(hole) for hole in holes(Irregular(blobs=0, **rule))])
    blobs = np.median([compactness(hole) for hole in holes(Irregular(blobs=1, **rule))])
    assert streaks < 0.6 * blobs


def test_wider_dilation_makes_thicker_holes():
    def thickness(dilation):
        maker = Irregular(dilation=dilation, blobs=0, ratio=(0.2, 0.3))
        return np.mean([cv2.distanceTransform(h.astype(np.uint8), cv2.DIST_L2, 5)[h].mean() for h in holes(maker)])

    assert thickness((40, 49)) > 1.5 * thickness((9, 12))


def test_holes_have_no_favourite_place_or_direction():
    maker = Irregular(ratio=(0.1, 0.3))
    mean = np.mean(holes(maker, 300, 64), 0)
    quarters = [mean[:32, :32], mean[:32, 32:], mean[32:, :32], mean[32:, 32:]]
    assert max(q.mean() for q in quarters) < 1.25 * min(q.mean() for q in quarters)
    assert mean.sum(1).std() == pytest.approx(mean.sum(0).std(), rel=0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dilation": (20, 10)}, r"dilation=\[20, 10\]: expected \[low, high\]"),
        ({"dilation": (0, 10)}, r"dilation=\[0, 10\]: expected"),
        ({"blobs": 1.5}, "blobs=1.5: expected a share"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Irregular(**arguments)
