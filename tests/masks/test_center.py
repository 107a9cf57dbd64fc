import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.center import Center


@pytest.mark.parametrize(("size", "first", "last"), [(64, 16, 47), (128, 32, 95), (256, 64, 191)])
def test_half_of_the_side_in_the_middle(size, first, last):
    # 32 of 64: (64 - 32) / 2 = 16 known pixels on each side, the hole ends at 16 + 32 - 1
    hole = (Center()((size, size), torch.Generator()) == 0)[0].nonzero()
    assert hole.amin(0).tolist() == [first, first]
    assert hole.amax(0).tolist() == [last, last]
    assert len(hole) == (last - first + 1) ** 2


def test_given_side_in_a_picture_that_is_no_square():
    hole = (Center(side=3)((6, 10), torch.Generator()) == 0)[0].nonzero()
    assert hole.amin(0).tolist() == [1, 3]  # (6 - 3) // 2, (10 - 3) // 2
    assert hole.amax(0).tolist() == [3, 5]


def test_inset_makes_half_of_the_side_smaller_at_each_side():
    """Pathak et al.: rows 36 to 91 of 128, a square of 56, leave 4 px of the 64 that are painted."""
    hole = (Center(inset=4)((128, 128), torch.Generator()) == 0)[0].nonzero()
    assert hole.amin(0).tolist() == [36, 36]
    assert hole.amax(0).tolist() == [91, 91]
    assert len(hole) == 56**2


def test_refuses_sides_that_do_not_fit():
    with pytest.raises(UserError, match="side=0: expected at least 1"):
        Center(side=0)
    with pytest.raises(UserError, match="inset=4: expected 0 or more pixels, and no side"):
        Center(side=20, inset=4)
    with pytest.raises(UserError, match="inset=-1: expected 0 or more"):
        Center(inset=-1)
    with pytest.raises(UserError, match="inset=8: leaves nothing of half of 32x32 px"):
        Center(inset=8)((32, 32), torch.Generator())
    with pytest.raises(UserError, match="side=65: the picture is only 64x80 px"):
        Center(side=65)((64, 80), torch.Generator())
