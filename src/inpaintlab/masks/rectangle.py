"""One rectangle anywhere in the picture (GLCIC: sides of 96 to 128 of 256 pixels)."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size


class Rectangle(RuledMaker):
    """A rectangle whose height, width and place are drawn uniformly, each by itself."""

    def __init__(
        self,
        *,
        sides: Sequence[int] | None = None,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the least and greatest side, pixels; None: by the ratio, without one 3/8 to 1/2 of the shorter side."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if sides is not None and (len(sides) != 2 or not 1 <= sides[0] <= sides[1]):
            raise UserError(f"sides={list(sides)}: expected [low, high] in pixels with 1 <= low <= high, or null")
        self.sides = None if sides is None else tuple(sides)

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw the two sides, then the place among all where the rectangle lies in the part that may hold holes."""
        parts = self.rule.inside(size)
        rooms = [part.stop - part.start for part in parts]
        by_ratio = self.sides is None and self.rule.ratio is not None
        lengths = (self._by_ratio if by_ratio else self._by_sides)(size, rooms, rng)
        hole = np.zeros(size, bool)
        rows, columns = (
            part.start + int(rng.integers(room - length + 1))
            for part, room, length in zip(parts, rooms, lengths, strict=True)
        )
        hole[rows : rows + lengths[0], columns : columns + lengths[1]] = True
        return hole

    def _by_sides(self, size: Size, rooms: Sequence[int], rng: np.random.Generator) -> list[int]:
        low, high = self.sides or (max(1, 3 * min(size) // 8), max(1, min(size) // 2))
        if low > min(rooms):
            raise UserError(f"sides={[low, high]}: no such rectangle fits into the {min(rooms)} px that are free")
        return [int(rng.integers(low, min(high, room) + 1)) for room in rooms]

    def _by_ratio(self, size: Size, rooms: Sequence[int], rng: np.random.Generator) -> list[int]:
        """Draw the area from the ratio, the height among those that leave room for it, and the width that follows."""
        target = self.rule.target(size, rng)
        least = -(-target // rooms[1])
        height = int(rng.integers(least, min(rooms[0], max(least, target)) + 1))
        return [height, max(1, min(rooms[1], round(target / height)))]
