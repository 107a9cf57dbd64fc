import pytest
import torch

from inpaintlab.models.glcic import patches


def known_with(*holes, size=(20, 24)):
    """One picture per hole (top, left, height, width)."""
    known = torch.ones(len(holes), 1, *size)
    for picture, (top, left, height, width) in zip(known, holes, strict=True):
        picture[:, top : top + height, left : left + width] = 0
    return known


def everywhere(place, known, side, steps=60):
    """All corners that come of draws over the whole of [0, 1): a set of (row, column)."""
    grid = torch.arange(steps) / steps
    draws = torch.cartesian_prod(grid, grid)
    corners = place(known.expand(len(draws), -1, -1, -1), side, draws)
    return {tuple(corner) for corner in corners.tolist()}


@pytest.mark.parametrize("hole", [(3, 5, 4, 6), (0, 0, 2, 2), (16, 20, 4, 4), (0, 10, 8, 8), (9, 9, 1, 1)])
def test_all_places_that_hold_the_hole_and_no_others(hole):
    top, left, height, width = hole
    rows = range(max(0, top + height - 8), min(top, 20 - 8) + 1)
    columns = range(max(0, left + width - 8), min(left, 24 - 8) + 1)
    found = everywhere(patches.around_hole, known_with(hole), 8)
    assert found == {(row, column) for row in rows for column in columns}


def test_a_hole_larger_than_the_square_is_looked_at_from_within():
    """Rows 2 to 13, columns 4 to 17 are hole; a square of 8 begins in rows 2 to 6 and columns 4 to 10."""
    found = everywhere(patches.around_hole, known_with((2, 4, 12, 14)), 8)
    assert found == {(row, column) for row in range(2, 7) for column in range(4, 11)}


def test_without_a_hole_and_for_true_pictures_it_is_anywhere():
    places = {(row, column) for row in range(13) for column in range(17)}
    assert everywhere(patches.around_hole, torch.ones(1, 1, 20, 24), 8) == places
    assert everywhere(patches.anywhere, known_with((3, 5, 4, 6)), 8) == places


def test_every_picture_has_its_own_place():
    known = known_with((3, 5, 4, 6), (16, 20, 4, 4))
    corners = patches.around_hole(known, 8, torch.tensor([[0.0, 0.0], [0.999, 0.999]]))
    assert corners.tolist() == [[0, 3], [12, 16]]
    pictures = torch.rand(2, 3, 20, 24)
    cut = patches.cut(pictures, corners, 8)
    assert torch.equal(cut, torch.stack([pictures[0, :, 0:8, 3:11], pictures[1, :, 12:20, 16:24]]))


def test_the_gradient_goes_back_into_the_patch_alone():
    pictures = torch.rand(1, 1, 6, 6, requires_grad=True)
    patches.cut(pictures, torch.tensor([[1, 2]]), 3).sum().backward()
    expected = torch.zeros(1, 1, 6, 6)
    expected[..., 1:4, 2:5] = 1
    assert torch.equal(pictures.grad, expected)
