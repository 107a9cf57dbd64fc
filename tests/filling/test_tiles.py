from functools import partial

import pytest
import torch

from inpaintlab.filling import tiles
from inpaintlab.filling.tensors import complete_tensor
from inpaintlab.filling.tiles import fill_tiles
from inpaintlab.models.pconv import PConv
from tests.filling.toy import Constant, MeanOfKnown, hole_of, picture

WIDE = hole_of((5, 5, 40, 60))


@pytest.mark.parametrize(("length", "side"), [(64, 16), (50, 16), (17, 16), (16, 16), (97, 32)])
def test_the_windows_of_all_tiles_add_up_to_one(length, side):
    total = torch.zeros(length, dtype=torch.float64)
    for begin in tiles._positions(length, side):
        place = slice(begin, begin + side)
        total[place] += tiles._window(place, length, side, total)
    if (length - side) % (side // 2) == 0:  # evenly spread tiles; elsewhere the sum is divided by
        assert torch.allclose(total, torch.ones_like(total), atol=1e-12)
    assert total.min() > 0.5


def test_a_constant_stays_constant_and_known_pixels_are_kept():
    image = picture()
    completed = fill_tiles(partial(complete_tensor, Constant()), image, WIDE, side=16)
    assert torch.allclose(completed[WIDE.expand_as(image)], torch.tensor(0.25), atol=1e-7)
    assert torch.equal(completed[~WIDE.expand_as(image)], image[~WIDE.expand_as(image)])


def test_one_tile_is_the_whole():
    paint = partial(complete_tensor, MeanOfKnown())
    assert torch.equal(fill_tiles(paint, picture(), WIDE, side=64), paint(picture(), WIDE))


def test_tiles_without_a_hole_are_skipped():
    seen = []

    def paint(image, hole):
        seen.append(len(image))
        return image

    fill_tiles(paint, picture(), hole_of((0, 0, 4, 4)), side=16)
    assert sum(seen) == 1


def test_the_order_of_the_tiles_changes_no_bit(monkeypatch):
    """A network's too, whose convolutions round otherwise in batches of another size."""
    torch.manual_seed(0)
    image, forwards = picture(), tiles._positions
    for model in (MeanOfKnown(), PConv(levels=3, width=8, perceptual=0, style=0).eval()):
        sizes = []

        def paint(image, hole, model=model, sizes=sizes):
            sizes.append(len(image))
            return complete_tensor(model, image, hole)

        expected = fill_tiles(paint, image, WIDE, side=16)
        with monkeypatch.context() as changed:
            changed.setattr(tiles, "_positions", lambda length, side: forwards(length, side)[::-1])
            assert torch.equal(fill_tiles(paint, image, WIDE, side=16), expected)
        assert set(sizes) == {1}
