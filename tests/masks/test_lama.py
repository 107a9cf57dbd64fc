import cv2
import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks import lama
from inpaintlab.masks.lama import TESTING, TRAINING, LaMaMasks, Pen, Recipe


def holes(maker, number=100, size=128):
    return [(maker((size, size), torch.Generator().manual_seed(seed)) == 0)[0].numpy() for seed in range(number)]


def test_recipes_are_the_sheets():
    """Strokes (1 more than configured), width, length; weight 0.3 against 1 for boxes, count, sides."""
    wide, narrow = TRAINING["wide"], TRAINING["narrow"]
    assert wide == Recipe(256, (1, 6), 100, 200, 0.5, (1, 4), (30, 150), 10)
    assert narrow == Recipe(256, (4, 13), 40, 80, 0.5, (1, 1), (30, 128), 0)
    table = {
        (256, "narrow"): (50, 10, 40), (512, "narrow"): (70, 20, 100),
        (256, "medium"): (5, 50, 100), (512, "medium"): (10, 100, 200),
        (256, "wide"): (5, 100, 200), (512, "wide"): (5, 250, 450),
    }  # fmt: skip
    for (size, kind), (most, width, length) in table.items():
        recipe = TESTING[size][kind]
        assert recipe.scale == size
        assert recipe.lines == (1 if kind == "wide" else 4, most + 1)
        assert (recipe.width, recipe.length) == (width, length)
        assert recipe.box_share == (0 if kind == "narrow" else pytest.approx(0.3 / 1.3))


@pytest.mark.parametrize("kind", ["narrow", "medium", "wide"])
def test_testing_masks_have_at_most_half_hole(kind):
    shares = [hole.mean() for hole in holes(LaMaMasks(kind=kind).for_split("test"), 200)]
    assert max(shares) <= 0.5
    assert max(shares) > 0.4


def test_training_masks_may_have_more():
    assert max(hole.mean() for hole in holes(LaMaMasks().for_split("train"), 200)) > 0.5


def test_kinds_are_of_the_width_that_they_say():
    """Greatest inscribed disc of lines: narrow below medium below wide."""

    def radius(kind):
        pens = [Pen(TESTING[256][kind], 1.0, np.random.default_rng(seed)) for seed in range(100)]
        drawn = [pen.draw((256, 256)) for pen in pens if not pen.boxes]
        return np.median([cv2.distanceTransform(page, cv2.DIST_L2, 5).max() for page in drawn])

    assert 1.5 * radius("narrow") < radius("medium")
    assert 1.5 * radius("medium") < radius("wide")


@pytest.mark.parametrize(
    ("recipe", "share"),
    [
        (TRAINING["wide"], 0.5),
        (TRAINING["narrow"], 0.5),
        (TESTING[256]["narrow"], 0.0),
        (TESTING[512]["medium"], 0.3 / 1.3),
    ],
)
def test_share_of_boxes(recipe, share):
    """Of 2000 masks, four deviations of a binomial draw: 0.045 at most."""
    boxes = [Pen(recipe, 1.0, np.random.default_rng(seed)).boxes for seed in range(2000)]
    assert np.mean(boxes) == pytest.approx(share, abs=0.045 if share else 0)


def test_splits_and_sizes_choose_the_recipe():
    maker = LaMaMasks(kind="medium", training="narrow")
    assert maker.for_split("train").recipe((256, 256)) == TRAINING["narrow"]
    assert maker.for_split("val").recipe((256, 300)) == TESTING[256]["medium"]
    assert maker.for_split("test").recipe((512, 600)) == TESTING[512]["medium"]
    assert maker.recipe((64, 64)) == TESTING[256]["medium"]


class Told:
    """A random generator that always draws the least, or the greatest."""

    def __init__(self, high):
        self.high = high

    def integers(self, low, high):
        return np.broadcast_to(np.array(high) - 1 if self.high else low, np.shape(high))

    def random(self):
        return 0.0 if self.high else 1.0


def test_widest_and_narrowest_line():
    """U{0 ... max - 1} + 5 wide, U{0 ... max - 1} + 10 long; of one segment at the least draw."""
    recipe = Recipe(256, (1, 1), 100, 200)
    page = np.zeros((256, 256), np.uint8)
    Pen(recipe, 1.0, Told(high=False)).add_line(page, upwards=False)  # angle 0.01, downwards from the corner
    rows, columns = page.nonzero()
    assert rows.max() - 2 in (9, 10, 11)  # 10 px and half of the width 5
    assert columns.max() in (2, 3)
    page[:] = 0
    pen = Pen(recipe, 1.0, Told(high=True))
    assert pen.boxes is False  # box_share 0
    pen.add_line(page, upwards=True)
    depth = cv2.distanceTransform(np.pad(page, 60, mode="edge"), cv2.DIST_L2, 5).max()
    assert depth >= 104 / 2 - 1


def test_boxes_keep_their_margin_and_sides():
    sides = set()
    for seed in range(300):
        page = np.zeros((256, 300), np.uint8)
        pen = Pen(Recipe(256, (1, 1), 1, 1, 1.0, (1, 1), (30, 150)), 1.0, np.random.default_rng(seed))
        pen.add(page, 0)
        rows, columns = page.nonzero()
        assert rows.min() >= 10
        assert rows.max() < 246
        assert columns.min() >= 10
        assert columns.max() < 290
        sides |= {int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1}
    assert min(sides) >= 30
    assert max(sides) <= 150
    assert max(sides) - min(sides) > 110


def test_pixels_scale_with_the_picture():
    """The same draws at half the size make a hole of about the same share."""
    big, small = (np.mean([h.mean() for h in holes(LaMaMasks().for_split("train"), 150, n)]) for n in (256, 64))
    assert small == pytest.approx(big, abs=0.06)


def test_a_ratio_takes_as_many_lines_as_it_needs():
    for kind in ("narrow", "wide"):
        shares = [h.mean() for h in holes(LaMaMasks(kind=kind, ratio=(0.5, 0.6)), 30, 64)]
        assert min(shares) > 0.5
        assert max(shares) <= 0.6


def test_shapes_are_tried_a_limited_number_of_times(monkeypatch):
    """A single try reaches no share; the rule's own attempts then end in an error."""
    monkeypatch.setattr(lama, "TRIES", 1)
    with pytest.raises(UserError, match=r"mask LaMaMasks: found no mask .* hole share in \(0.59, 0.6\]"):
        LaMaMasks(kind="narrow", ratio=(0.59, 0.6))((64, 64), torch.Generator())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "thick"}, r"mask kind=thick: expected narrow \| medium \| wide"),
        ({"training": "medium"}, r"mask training=medium: expected narrow \| wide"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        LaMaMasks(**arguments)
