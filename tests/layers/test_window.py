import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.window import Window, describe, locate


def known_with(*holes, size=(40, 48)):
    """One picture per hole (top, left, height, width)."""
    known = torch.ones(len(holes), 1, *size)
    for picture, (top, left, height, width) in zip(known, holes, strict=True):
        picture[:, top : top + height, left : left + width] = 0
    return known


CORNERS = [(0, 0), (12, 16), (24, 32), (3, 30), (24, 0)]


def test_locate():
    assert locate(known_with(*((*corner, 16, 16) for corner in CORNERS)), 16).tolist() == [list(c) for c in CORNERS]


def test_cut_is_numpys_padding_by_edges():
    """Reference: pad the whole picture by its edge, then slice."""
    pictures = torch.rand(len(CORNERS), 3, 40, 48)
    window = Window(known_with(*((*corner, 16, 16) for corner in CORNERS)), 32, 16)
    cut = window.cut(pictures)
    assert cut.shape == (len(CORNERS), 3, 32, 32)
    for index, (top, left) in enumerate(CORNERS):
        padded = np.pad(pictures[index].numpy(), [(0, 0), (8, 8), (8, 8)], mode="edge")
        assert np.array_equal(cut[index].numpy(), padded[:, top : top + 32, left : left + 32])
        assert torch.equal(
            cut[index][:, window.hole, window.hole], pictures[index, :, top : top + 16, left : left + 16]
        )


def test_a_central_hole_gives_the_picture_itself():
    pictures = torch.rand(2, 3, 32, 32)
    assert torch.equal(
        Window(known_with((8, 8, 16, 16), (8, 8, 16, 16), size=(32, 32)), 32, 16).cut(pictures), pictures
    )


def test_a_picture_smaller_than_the_window():
    pictures = torch.rand(1, 1, 20, 18)
    cut = Window(known_with((2, 1, 16, 16), size=(20, 18)), 64, 16).cut(pictures)
    padded = np.pad(pictures[0].numpy(), [(0, 0), (22, 22), (23, 23)], mode="edge")
    assert np.array_equal(cut[0].numpy(), padded[:, :64, :64])


def test_paste_fills_the_holes_and_nothing_else():
    known = known_with(*((*corner, 16, 16) for corner in CORNERS))
    pictures, filling = torch.rand(len(CORNERS), 3, 40, 48), 2 + torch.rand(len(CORNERS), 3, 16, 16)
    before = pictures.clone()
    pasted = Window(known, 32, 16).paste(pictures, filling)
    assert torch.equal(pictures, before)
    assert torch.equal(pasted * known, pictures * known)
    for index, (top, left) in enumerate(CORNERS):
        assert torch.equal(pasted[index, :, top : top + 16, left : left + 16], filling[index])


def two_holes():
    known = known_with((2, 2, 16, 16))
    known[..., 30:34, 30:34] = 0
    return known


def ring():
    known = known_with((2, 2, 16, 16))
    known[..., 5, 5] = 1
    return known


def diagonal():
    known = torch.ones(1, 1, 40, 48)
    known[..., torch.arange(16), torch.arange(16)] = 0
    return known


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (torch.ones(1, 1, 40, 48), "has no hole"),
        (two_holes(), "has 2 separate holes"),
        (ring(), "has an irregular hole of 255 px"),
        (diagonal(), "has an irregular hole of 16 px"),
        (known_with((2, 2, 12, 16)), "has a hole of 12 x 16 px"),
        (known_with((2, 2, 20, 20)), "has a hole of 20 x 20 px"),
        (torch.zeros(1, 1, 40, 48), "has a hole of 40 x 48 px"),
    ],
)
def test_other_holes_say_what_was_found_and_the_mend(known, found):
    good = known_with((12, 16, 16, 16))
    message = f"picture 2 of the batch {found}; .* one square hole of 16 x 16 px: use mask=center mask.side=16"
    with pytest.raises(UserError, match=message) as error:
        locate(torch.cat([good, known, two_holes()]), 16)
    assert "\n" not in str(error.value)


def test_describe_counts_touching_corners_as_one_hole():
    hole = np.zeros((6, 6), bool)
    hole[0, 0] = hole[1, 1] = True
    assert describe(hole) == "an irregular hole of 2 px"
