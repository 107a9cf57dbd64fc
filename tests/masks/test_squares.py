import cv2
import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.squares import Squares


def draw(maker, size, seed):
    return (maker(size, torch.Generator().manual_seed(seed)) == 0)[0].numpy()


def test_one_square_is_a_square_of_an_allowed_side():
    sides = set()
    for seed in range(300):
        rows, columns = draw(Squares(side=(5, 9), count=1), (32, 64), seed).nonzero()
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert height == width
        assert len(rows) == height * width
        sides.add(int(height))
    assert sides == {5, 6, 7, 8, 9}


def test_default_number_is_30_on_512():
    pieces = [cv2.connectedComponents(draw(Squares(), (512, 512), s).astype(np.uint8))[1].max() for s in range(5)]
    assert 15 < np.mean(pieces) <= 30  # some overlap


def test_squares_reach_every_pixel():
    reached = sum(draw(Squares(side=(2, 4), count=3), (16, 16), seed) for seed in range(300))
    assert reached.min() > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"side": (9, 5)}, r"side=\[9, 5\]: expected"),
        ({"side": (0, 5)}, r"side=\[0, 5\]: expected"),
        ({"count": 0}, "count=0: expected at least 1 square"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Squares(**arguments)


def test_refuses_squares_that_do_not_fit():
    with pytest.raises(UserError, match=r"side=\[20, 30\]: no such square fits into the 10 px"):
        Squares(side=(20, 30))((16, 10), torch.Generator())


def test_a_count_that_misses_the_ratio_is_told():
    with pytest.raises(UserError, match=r"mask Squares: found no mask"):
        Squares(side=(5, 5), count=1, ratio=(0.5, 0.6))((32, 32), torch.Generator())
