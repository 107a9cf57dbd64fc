import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.free_form import SIDE, FreeForm


def holes(number=300, size=(SIDE, SIDE), seed=0, **arguments):
    maker, generator = FreeForm(**arguments), torch.Generator().manual_seed(seed)
    return [(maker(size, generator) == 0)[0].numpy() for _ in range(number)]


@pytest.mark.parametrize(
    ("arguments", "mean", "low", "high"),
    [({"box": None}, 0.153, 0.035, 0.293), ({"strokes": None}, 0.191, None, None), ({}, 0.311, 0.212, 0.433)],
    ids=["brush", "box", "both"],
)
def test_shares_of_the_authors_code(arguments, mean, low, high):
    """Mean, 5th and 95th percentile of 2,000 masks of theirs at 256 px, each within its own sampling error and ours."""
    shares = np.array([hole.mean() for hole in holes(1000, **arguments)])
    assert shares.mean() == pytest.approx(mean, abs=0.01)
    if low is not None:
        np.testing.assert_allclose(np.percentile(shares, [5, 95]), [low, high], atol=0.025)


def test_a_box_shrinks_by_as_much_on_both_sides():
    """128 px less 0 to 16 at each side: even lengths from 96 to 128, filled; places from 0 on, below 128 and shrunk."""
    lengths, tops = set(), []
    for hole in holes(strokes=None):
        rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
        assert hole.sum() == len(rows) * len(columns)
        assert rows[-1] - rows[0] + 1 == len(rows)
        lengths |= {len(rows), len(columns)}
        tops.append(rows[0] - (128 - len(rows)) // 2)
    assert lengths == set(range(96, 129, 2))
    assert min(tops) >= 0
    assert max(tops) < 128
    assert max(tops) - min(tops) > 110


@pytest.mark.parametrize("size", [64, 128, 512])
def test_everything_grows_with_the_shorter_side(size):
    shares = [hole.mean() for hole in holes(200, (size, size))]
    assert np.mean(shares) == pytest.approx(0.31, abs=0.03)


def test_strokes_have_their_width():
    """One stroke of one step, 20 px wide at 256: the deepest pixel lies about 10 px within, 20 at 512."""
    import cv2

    for size, expected in ((256, 10), (512, 20)):
        drawn = holes(30, (size, size), box=None, strokes=(1, 1), vertices=(1, 1), width=(20, 20))
        depths = [cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max() for hole in drawn]
        assert np.median(depths) == pytest.approx(expected, abs=1.5)


def test_a_stroke_goes_up_and_down():
    """Steps of angles around 2 pi / 5 and its negative: many of them reach far across, and stay in a band."""
    spans = []
    for hole in holes(100, (256, 256), box=None, strokes=(1, 1), vertices=(8, 8), width=(2, 2)):
        rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
        spans.append((np.ptp(rows), np.ptp(columns)))
    tall, wide = np.mean(spans, 0)
    assert 40 < tall < 110
    assert 60 < wide < 130  # eight steps of cos(2 pi / 5) * 45 px, cut off at the right border


def test_a_ratio_keeps_the_form():
    """Drawn smaller, not eroded: a small share still has its box, about a square."""
    for hole in holes(50, strokes=None, ratio=(0.03, 0.05)):
        rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
        assert hole.sum() > 0.9 * len(rows) * len(columns)
        assert 0.75 < len(rows) / len(columns) < 1.35


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strokes": (3, 1)}, r"strokes=\[3, 1\]: expected \[least, most\]"),
        ({"vertices": (0, 4)}, r"vertices=\[0, 4\]: expected"),
        ({"width": (12,)}, r"width=\[12\]: expected"),
        ({"strokes": None, "box": None}, "strokes=null, box=null: nothing to draw"),
        ({"box": 30, "shrink": 15}, "box=30, shrink=15: expected a box of 1 to 256 px"),
        ({"box": 300}, "box=300, shrink=16: expected a box"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        FreeForm(**arguments)
