import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.rectangle import Rectangle


def draw(maker, size, seed):
    return (maker(size, torch.Generator().manual_seed(seed)) == 0)[0].numpy()


def spans(hole):
    """Height and width of the hole; it is full."""
    rows, columns = hole.nonzero()
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert len(rows) == height * width
    return int(height), int(width)


def test_sides_are_drawn_apart_and_reach_both_ends():
    found = {spans(draw(Rectangle(sides=[5, 7]), (32, 48), seed)) for seed in range(200)}
    assert found == {(height, width) for height in (5, 6, 7) for width in (5, 6, 7)}


def test_default_is_glcics_at_256():
    """96 to 128 of 256 px."""
    found = [side for seed in range(300) for side in spans(draw(Rectangle(), (256, 256), seed))]
    assert min(found) >= 96
    assert max(found) <= 128
    assert max(found) - min(found) > 28


def test_places_reach_every_pixel_alike():
    reached = sum(draw(Rectangle(sides=[2, 3]), (8, 8), seed).astype(int) for seed in range(600))
    assert reached.min() > 0
    # 6 or 7 places along an axis; a middle pixel lies in 2 or 3 of them: on average 0.39 of the draws, squared 0.15
    assert reached[3:5, 3:5].mean() / 600 == pytest.approx(0.15, abs=0.03)


def test_a_ratio_gives_rectangles_of_many_shapes():
    shapes = [spans(draw(Rectangle(ratio=(0.1, 0.2)), (64, 64), seed)) for seed in range(200)]
    assert all(0.1 < height * width / 64**2 <= 0.2 for height, width in shapes)
    assert any(height > 2 * width for height, width in shapes)
    assert any(width > 2 * height for height, width in shapes)


@pytest.mark.parametrize("sides", [(9, 5), (0, 5), (5,)])
def test_refuses(sides):
    with pytest.raises(UserError, match=r"sides=\[.*\]: expected \[low, high\] in pixels"):
        Rectangle(sides=sides)


def test_refuses_rectangles_that_do_not_fit():
    with pytest.raises(UserError, match=r"sides=\[20, 30\]: no such rectangle fits into the 10 px that are free"):
        Rectangle(sides=(20, 30))((16, 10), torch.Generator())
