import numpy as np
import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.augment import Augmentation


def square(size=64, side=16):
    hole = np.zeros((size, size), bool)
    start = (size - side) // 2
    hole[start : start + side, start : start + side] = True
    return hole


def test_nothing_to_do_changes_nothing():
    # a dilation of 1 px at 512 is 1 px at any smaller size
    hole = square()
    assert (Augmentation(dilation=(1, 1), rotation=0, zoom=1)(hole, np.random.default_rng(0)) == hole).all()


def test_dilation_is_scaled_from_512():
    # 24 px at 512 are 3 px at 64: one pixel on each side, 18 x 18
    hole = Augmentation(dilation=(24, 24), rotation=0, zoom=1)(square(), np.random.default_rng(0))
    assert hole.sum() == 18 * 18


def test_rotation_turns_about_the_middle_and_brings_in_known_pixels():
    hole = np.zeros((64, 64), bool)
    hole[:, :4] = True
    turned = [
        Augmentation(dilation=(1, 1), rotation=180, zoom=1)(hole, np.random.default_rng(seed)) for seed in range(40)
    ]
    assert all(one.sum() <= hole.sum() + 8 for one in turned)  # the corners outside of the file are no holes
    for columns in (np.s_[:, 32:], np.s_[:, :32], np.s_[:32], np.s_[32:]):
        assert any(one[columns].sum() > 0.9 * one.sum() for one in turned)


def test_zoom_enlarges_and_the_crop_moves():
    augment = Augmentation(dilation=(1, 1), rotation=0, zoom=1.5)
    turned = [augment(square(), np.random.default_rng(seed)) for seed in range(200)]
    areas = [one.sum() for one in turned]
    assert min(areas) < 1.1 * 256
    assert max(areas) > 1.9 * 256  # up to 1.5 * 1.5
    centres = [one.nonzero()[0].mean() for one in turned]
    assert np.ptp(centres) > 10  # the enlarged mask is 32 px larger than the window, which lies anywhere in it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dilation": (9, 3)}, r"dilation=\[9, 3\]: expected"),
        ({"rotation": 200}, "rotation=200: expected the greatest angle"),
        ({"zoom": 0.5}, "zoom=0.5: expected the greatest enlargement"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Augmentation(**arguments)


def test_every_second_mask_is_flipped_left_to_right():
    """MADF, section IV-C; rotation, crop and dilation stay those of the same draws."""
    hole = np.zeros((32, 32), bool)
    hole[4:9, 2:6] = True
    plain, flipping = Augmentation(), Augmentation(flip=True)
    flips = 0
    for seed in range(100):
        kept, seen = (augment(hole, np.random.default_rng(seed)) for augment in (plain, flipping))
        flipped = not np.array_equal(seen, kept)
        assert np.array_equal(seen, kept[:, ::-1] if flipped else kept)
        flips += flipped
    assert 30 <= flips <= 70
