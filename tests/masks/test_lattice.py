import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.lattice import Lattice


def test_pixel_x_y_is_known_at_4x_plus_2_4y_plus_2():
    known = Lattice()((8, 12), torch.Generator())[0]
    # K = 4, offset 4 // 2 = 2: rows 2, 6 and columns 2, 6, 10
    expected = {(row, column) for row in (2, 6) for column in (2, 6, 10)}
    assert {tuple(place) for place in known.nonzero().tolist()} == expected


def test_factor_and_offset():
    known = Lattice(factor=3, offset=0)((4, 4), torch.Generator())[0]
    assert known.nonzero().tolist() == [[0, 0], [0, 3], [3, 0], [3, 3]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 1}, "factor=1: expected at least 2"),
        ({"factor": 4, "offset": 4}, "offset=4: expected 0 to factor - 1 = 3"),
        ({"border": "clear"}, "border=clear: a lattice has holes at the border"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Lattice(**arguments)


def test_refuses_a_picture_without_a_known_pixel():
    with pytest.raises(UserError, match="mask Lattice: found no mask of 2x2"):
        Lattice()((2, 2), torch.Generator())
