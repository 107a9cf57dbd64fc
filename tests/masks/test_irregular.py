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


@pytest.mark.parametrize("blobs", [0, 0.3, 1])
@pytest.mark.parametrize("size", [(8, 40), (64, 64)])
def test_a_single_number_of_pixels_is_met(size, blobs):
    pixels = size[0] * size[1]
    for count in (1, pixels // 10, pixels // 2, pixels - 1):
        maker = Irregular(blobs=blobs, ratio=((count - 0.5) / pixels, (count + 0.5) / pixels))
        maker.attempts = 1  # drawn at the right amount, not drawn again
        assert maker(size, torch.Generator().manual_seed(count)).sum() == pixels - count


def test_rims_are_not_frayed():
    # What a square of 40 to 49 px at 512 has dilated, one of 28 px at 512 can open without loss but at the last cut.
    for hole in holes(Irregular(dilation=(40, 49), ratio=(0.2, 0.3))):
        opened = cv2.morphologyEx(hole.astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
        assert opened.sum() > 0.98 * hole.sum()


@pytest.mark.parametrize("border", ["touch", "clear"])
def test_hardly_a_mask_is_drawn_again_for_the_border(border):
    maker = Irregular(ratio=(0.01, 0.1), border=border)
    maker.attempts = 2
    for seed in range(100):
        maker((64, 64), torch.Generator().manual_seed(seed))


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
