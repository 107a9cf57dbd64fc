import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.free_form import FreeForm
from inpaintlab.models.deepfill.box import Box


def known_with(*holes, size=(32, 40)):
    known = torch.ones(len(holes), 1, *size)
    for index, (rows, columns) in enumerate(holes):
        known[index, :, rows, columns] = 0
    return known


def test_the_hole_is_in_the_middle():
    """10 x 6 px in a box of 16: 3 and 5 px around it; nearer to the border the box stops there."""
    known = known_with((slice(10, 20), slice(12, 18)), (slice(0, 4), slice(36, 40)))
    box = Box(known, 16)
    assert box.rows[0].tolist() == list(range(7, 23))
    assert box.columns[0].tolist() == list(range(7, 23))
    assert box.rows[1].tolist() == list(range(16))
    assert box.columns[1].tolist() == list(range(24, 40))


def test_cut():
    known = known_with((slice(10, 20), slice(12, 18)), (slice(0, 4), slice(36, 40)))
    pictures = torch.rand(2, 3, 32, 40)
    cut = Box(known, 16).cut(pictures)
    assert torch.equal(cut[0], pictures[0, :, 7:23, 7:23])
    assert torch.equal(cut[1], pictures[1, :, :16, 24:])


def test_the_box_of_the_masks_is_found_again():
    """The maker shrinks a box by as much on both sides, so its middle is the hole's."""
    shrunk, whole = FreeForm(strokes=None), FreeForm(strokes=None, shrink=0)
    for seed in range(20):
        known, box = (maker((256, 256), torch.Generator().manual_seed(seed)) for maker in (shrunk, whole))
        cut = Box(known[None], 128).cut(box[None])
        assert not cut.any()


def test_a_hole_that_does_not_fit_is_told():
    with pytest.raises(
        UserError, match=r"largest hole of the batch spans 17x3 px of 32x40.* box of 16 px: use mask=box"
    ):
        Box(known_with((slice(0, 2), slice(0, 2)), (slice(3, 20), slice(3, 6))), 16)
    with pytest.raises(UserError, match="box of 64 px"):
        Box(known_with((slice(0, 2), slice(0, 2))), 64)
