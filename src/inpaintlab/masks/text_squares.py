"""Words and squares together: the corruption of the blind paper (section 4.1)."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, Size
from inpaintlab.masks.squares import PER_PAGE
from inpaintlab.masks.text import Text


class TextSquares(Text):
    """A window of a page of words and of a plane of squares, which it may cut; a given ratio is met with the words."""

    def __init__(
        self,
        *,
        side: Sequence[int] = (5, 40),
        squares: float = PER_PAGE,
        font: str = "Roboto",
        points: Sequence[int] = (10, 50),
        page: int = 512,
        pages_train: int = 20,
        pages_test: int = 10,
        seed: int = 0,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the sides of the squares in pixels and their mean number on 512 x 512; the rest is for the words."""
        super().__init__(
            font=font, points=points, page=page, pages_train=pages_train, pages_test=pages_test, seed=seed,
            ratio=ratio, border=border, border_distance=border_distance,
        )  # fmt: skip
        if len(side) != 2 or not 1 <= side[0] <= side[1]:
            raise UserError(f"side={list(side)}: expected [low, high] in pixels with 1 <= low <= high")
        if squares < 0:
            raise UserError(f"squares={squares}: expected a mean number on 512 x 512 pixels, 0 or more")
        self.side, self.squares = tuple(side), squares

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw the squares, as far as the ratio allows, then the words."""
        target = self.rule.target(size, rng)
        return self.add_words(self.draw_squares(size, target, rng), target, rng)

    def draw_squares(self, size: Size, most: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the part of the plane that the picture shows: (H, W) bool with at most ``most`` hole pixels."""
        rows, columns = self.rule.inside(size)
        hole, filled, longest = np.zeros(size, bool), 0, self.side[1]
        density = self.squares / 512**2
        for _ in range(rng.poisson(density * (size[0] + longest) * (size[1] + longest))):
            side = int(rng.integers(self.side[0], longest + 1))
            top, left = (int(rng.integers(-longest, length)) for length in size)
            place = hole[
                max(top, rows.start) : max(0, min(top + side, rows.stop)),
                max(left, columns.start) : max(0, min(left + side, columns.stop)),
            ]
            added = place.size - np.count_nonzero(place)
            if filled + added <= most:
                place[:] = True
                filled += added
        return hole
