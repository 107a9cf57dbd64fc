"""LaMa's holes (Suvorov et al. 2022): thick lines with corners, and boxes; narrow, medium and wide ones for testing."""

import copy
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

Kind = Literal["narrow", "medium", "wide"]
TrainingKind = Literal["narrow", "wide"]
TRIES = 1000
"""Shapes that are tried to reach a share."""
SEGMENTS = 5
"""Straight parts of a line, 1 to so many."""
LEAST_LENGTH, LEAST_WIDTH = 10, 5
"""Of such a part, pixels; the configured "maximum" is added to them."""
MOST_TESTING = 0.5
"""Share of hole pixels above which a testing mask is thrown away (bin/gen_mask_dataset)."""


class Recipe(NamedTuple):
    """How one kind of mask is drawn, in pixels of the picture's shorter side ``scale``."""

    scale: int
    lines: tuple[int, int]
    """Least and greatest number; the greatest is the configured one and 1, which the code adds."""
    width: int
    """Of a line: LEAST_WIDTH + 0 ... width - 1."""
    length: int
    """Of a straight part of a line: LEAST_LENGTH + 0 ... length - 1."""
    box_share: float = 0.0
    """Of the masks that have boxes in place of lines."""
    boxes: tuple[int, int] = (1, 1)
    """Least and greatest number."""
    sides: tuple[int, int] = (1, 1)
    """Least and greatest side of a box, each drawn by itself."""
    margin: int = 10
    """Known pixels between a box and the border."""


TRAINING = {
    "wide": Recipe(256, (1, 6), 100, 200, 0.5, (1, 4), (30, 150)),
    "narrow": Recipe(256, (4, 13), 40, 80, 0.5, (1, 1), (30, 128), margin=0),
}
"""Both kinds of training masks; the authors' networks but one learnt from the wide ones."""
SOME_BOXES = 0.3 / 1.3  # weights 1 and 0.3
TESTING = {
    256: {
        "narrow": Recipe(256, (4, 51), 10, 40),
        "medium": Recipe(256, (4, 6), 50, 100, SOME_BOXES, (1, 5), (10, 50)),
        "wide": Recipe(256, (1, 6), 100, 200, SOME_BOXES, (1, 3), (30, 150)),
    },
    512: {
        "narrow": Recipe(512, (4, 71), 20, 100),
        "medium": Recipe(512, (4, 11), 100, 200, SOME_BOXES, (1, 5), (30, 150)),
        "wide": Recipe(512, (1, 6), 250, 450, SOME_BOXES, (1, 4), (30, 300)),
    },
}
"""Of pictures of 256 px, and of 512."""


class LaMaMasks(RuledMaker):
    """Lines or boxes of one kind; training and testing masks are drawn by different recipes.

    Numbers of pixels belong to pictures of 256 and 512 px and are scaled with the shorter side in between (ours). With
    a ratio, lines or boxes are added until a share drawn from it is reached, whatever their number (ours).
    """

    def __init__(
        self,
        *,
        kind: Kind = "wide",
        training: TrainingKind = "wide",
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the kind of masks to be judged by, and the kind to train on."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if kind not in get_args(Kind):
            raise UserError(f"mask kind={kind}: expected {' | '.join(get_args(Kind))}")
        if training not in get_args(TrainingKind):
            raise UserError(f"mask training={training}: expected {' | '.join(get_args(TrainingKind))}")
        self.kind, self.training = kind, training
        self.testing = True

    def for_split(self, split: str) -> "LaMaMasks":
        """Return the maker of training masks, or of testing masks (validation and test)."""
        maker = copy.copy(self)
        maker.testing = split != "train"
        return maker

    def recipe(self, size: Size) -> Recipe:
        """Return how masks of this size are drawn."""
        if not self.testing:
            return TRAINING[self.training]
        return TESTING[512 if min(size) >= 512 else 256][self.kind]

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw lines, or boxes: (H, W) bool."""
        recipe, hole = self.recipe(size), np.zeros(size, bool)
        place = hole[self.rule.inside(size)]
        while True:
            pen = Pen(recipe, min(size) / recipe.scale, rng)
            if self.rule.ratio is not None:
                place[:] = self.draw_share(pen, place.shape, self.rule.target(size, rng), self.rule.counts(size)[1])
                return hole
            place[:] = pen.draw(place.shape)
            if not self.testing or np.count_nonzero(place) <= MOST_TESTING * hole.size:
                return hole

    def draw_share(self, pen: "Pen", room: Size, target: int, most: int) -> np.ndarray:
        """Add shapes until ``target`` pixels are reached, leaving out those that would exceed ``most``."""
        page = np.zeros(room, np.uint8)
        for number in range(TRIES):
            longer = page.copy()
            pen.add(longer, number)
            if np.count_nonzero(longer) <= most:
                page = longer
            if np.count_nonzero(page) >= target:
                break
        return page


class Pen:
    """Draws the shapes of one mask, lines or boxes."""

    def __init__(self, recipe: Recipe, scale: float, rng: np.random.Generator) -> None:
        """Take pixels of the picture per pixel of the recipe."""
        self.recipe, self.scale, self.rng = recipe, scale, rng
        self.boxes = rng.random() < recipe.box_share

    def draw(self, room: Size) -> np.ndarray:
        """Draw as many as the recipe says: (H, W) uint8, 1 = hole."""
        page = np.zeros(room, np.uint8)
        low, high = self.recipe.boxes if self.boxes else self.recipe.lines
        for number in range(self.rng.integers(low, high + 1)):
            self.add(page, number)
        return page

    def add(self, page: np.ndarray, number: int) -> None:
        """Draw one more, after ``number`` others."""
        if self.boxes:
            self.add_box(page)
        else:
            self.add_line(page, upwards=number % 2 == 0)

    def add_line(self, page: np.ndarray, upwards: bool) -> None:
        """Draw a line of a few straight parts, which all head the same way, right and down or left and down."""
        rng, recipe = self.rng, self.recipe
        corner = np.array(page.shape[::-1])
        start = rng.integers(0, corner)
        for _ in range(rng.integers(1, SEGMENTS + 1)):
            angle = 0.01 + rng.integers(0, 4)  # radians
            if upwards:
                angle = 2 * np.pi - angle
            length = self.scale * (LEAST_LENGTH + rng.integers(0, recipe.length))
            width = self.scale * (LEAST_WIDTH + rng.integers(0, recipe.width))
            end = (start + length * np.array([np.sin(angle), np.cos(angle)])).astype(int).clip(0, corner)
            cv2.line(page, start.tolist(), end.tolist(), 1, max(1, round(width)))
            start = end

    def add_box(self, page: np.ndarray) -> None:
        """Draw one box, away from the border as far as there is room."""
        place, (low, high) = [], self.recipe.sides
        for room in page.shape:
            margin = min(round(self.scale * self.recipe.margin), (room - 1) // 2)
            side = min(max(1, round(self.scale * self.rng.integers(low, high + 1))), room - 2 * margin)
            first = self.rng.integers(margin, room - margin - side + 1)
            place.append(slice(first, first + side))
        page[tuple(place)] = 1
