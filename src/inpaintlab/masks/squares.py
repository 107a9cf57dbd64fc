"""Randomly distributed squares (the blind paper, section 4.1: sides of 5 to 40 pixels)."""

from collections.abc import Sequence
from math import isqrt

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

PER_PAGE = 30
"""Squares on 512 x 512 pixels where neither a count nor a ratio is given (ours: the paper names no number)."""


class Squares(RuledMaker):
    """Whole squares at random places: a number of them, or as many as the ratio takes."""

    def __init__(
        self,
        *,
        side: Sequence[int] = (5, 40),
        count: int | None = None,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the least and greatest side in pixels, and the count; None: by ratio, or 30 per 512 x 512."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if len(side) != 2 or not 1 <= side[0] <= side[1]:
            raise UserError(f"side={list(side)}: expected [low, high] in pixels with 1 <= low <= high")
        if count is not None and count < 1:
            raise UserError(f"count={count}: expected at least 1 square, or null")
        self.side = tuple(side)
        self.count = count

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Place squares until there are ``count``, or until the target drawn from the ratio is reached."""
        rows, columns = self.rule.inside(size)
        room = min(rows.stop - rows.start, columns.stop - columns.start)
        if room < self.side[0]:
            raise UserError(
                f"side={list(self.side)}: no such square fits into the {room} px that are free; choose smaller ones"
            )
        until_target = self.count is None and self.rule.ratio is not None
        wanted = self.count or max(1, round(PER_PAGE * size[0] * size[1] / 512**2))
        target, most = self.rule.target(size, rng), self.rule.counts(size)[1]
        hole = np.zeros(size, bool)
        filled = 0
        for _ in range(20_000 if until_target else wanted):
            # No square alone may exceed the ratio; one below the least side is drawn only where no other can fit.
            longest = min(self.side[1], room, isqrt(most) if until_target else room)
            side = int(rng.integers(min(self.side[0], longest), longest + 1))
            top = int(rng.integers(rows.start, rows.stop - side + 1))
            left = int(rng.integers(columns.start, columns.stop - side + 1))
            place = hole[top : top + side, left : left + side]
            added = side * side - np.count_nonzero(place)
            if until_target and filled + added > most:
                continue
            place[:] = True
            filled += added
            if until_target and filled >= target:
                break
        return hole
