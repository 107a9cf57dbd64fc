import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.outpaint import Outpaint


def test_strips_of_a_small_picture():
    # an eighth of 8 rows is 1, a quarter of 16 columns is 4 with share 0.25 and 2 rows
    known = Outpaint(sides=["top", "right"], share=0.25)((8, 16), torch.Generator())[0]
    expected = torch.ones(8, 16)
    expected[:2] = 0
    expected[:, 12:] = 0
    assert known.equal(expected)


@pytest.mark.parametrize(
    ("side", "hole"),
    [("top", (0, 0)), ("bottom", (7, 0)), ("left", (0, 0)), ("right", (0, 7))],
)
def test_each_side(side, hole):
    known = Outpaint(sides=[side], share=0.125)((8, 8), torch.Generator())[0]
    assert known.sum() == 56  # one of eight rows or columns
    assert known[hole] == 0
    assert known[3, 3] == 1


def test_four_sides_by_default():
    assert Outpaint()((8, 8), torch.Generator()).sum() == 36  # 6 x 6 remain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sides": ["north"]}, r"sides=\['north'\]: expected some of top, bottom, left, right"),
        ({"sides": []}, r"sides=\[\]: expected"),
        ({"sides": ["top", "top"]}, "each once"),
        ({"share": 1}, r"share=1: expected a share in \(0, 1\)"),
        ({"share": None}, "share=null: give a ratio"),
        ({"border": "clear"}, "border=clear: holes of outpainting lie at the border"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Outpaint(**arguments)


def test_refuses_a_ratio_between_two_widths():
    # one column of ten is 0.1, two are 0.2
    with pytest.raises(UserError, match=r"no strips along left of 10x10 px give a hole share in \(0.12, 0.18\]"):
        Outpaint(sides=["left"], share=None, ratio=(0.12, 0.18))((10, 10), torch.Generator())


def test_refuses_a_share_outside_the_ratio():
    with pytest.raises(UserError, match="mask Outpaint: found no mask"):
        Outpaint(ratio=(0.1, 0.2))((8, 8), torch.Generator())
