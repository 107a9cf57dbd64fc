import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.random_region import RandomRegion


def draw(maker, size, seed):
    return (maker(size, torch.Generator().manual_seed(seed)) == 0)[0].numpy()


def test_20_to_30_per_cent_are_hole():
    shares = [draw(RandomRegion(), (128, 128), seed).mean() for seed in range(40)]
    assert min(shares) > 0.2
    assert max(shares) <= 0.3


def test_statistics_are_those_of_windows_of_the_authors_pattern():
    """A smaller pattern of the same kind: 120 x 120 numbers enlarged to 2000 x 2000, which lie below 0.25.

    Share of hole and length of the border between hole and known, in all windows.
    """

    def border(hole):
        return (hole[1:] != hole[:-1]).mean() + (hole[:, 1:] != hole[:, :-1]).mean()

    numbers = np.random.default_rng(0).random((120, 120), dtype=np.float32)
    pattern = np.asarray(Image.fromarray(numbers).resize((2000, 2000), Image.Resampling.BICUBIC)) < 0.25
    maker = RandomRegion(ratio=None)
    ours = [draw(maker, (100, 100), seed) for seed in range(150)]
    assert np.mean([hole.mean() for hole in ours]) == pytest.approx(pattern.mean(), abs=0.02)
    assert np.mean([border(hole) for hole in ours]) == pytest.approx(border(pattern), rel=0.06)


def test_less_resolution_gives_larger_regions():
    pieces = {}
    for resolution in (0.03, 0.12):
        holes = [draw(RandomRegion(resolution=resolution), (128, 128), seed) for seed in range(10)]
        pieces[resolution] = np.mean([cv2.connectedComponents(hole.astype(np.uint8))[0] for hole in holes])
    assert pieces[0.03] < 0.5 * pieces[0.12]


def test_without_threshold_the_ratio_is_met_at_once():
    """One draw, since the threshold follows from the number of hole pixels."""
    maker = RandomRegion(threshold=None, ratio=(0.5, 0.52))
    maker.attempts = 1
    assert all(0.5 < draw(maker, (64, 64), seed).mean() <= 0.52 for seed in range(20))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": 0}, "resolution=0: expected cells of noise per pixel, in 0..1"),
        ({"resolution": 1.5}, "resolution=1.5: expected"),
        ({"threshold": 1.0}, "threshold=1.0: expected a number in 0..1, or null"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        RandomRegion(**arguments)


def test_a_ratio_that_the_threshold_cannot_meet_is_told():
    with pytest.raises(UserError, match="mask RandomRegion: found no mask"):
        RandomRegion(ratio=(0.9, 0.95))((32, 32), torch.Generator())
