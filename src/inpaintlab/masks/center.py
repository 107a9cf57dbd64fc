"""A square hole in the middle (context encoder: 64 of 128; Yeh et al.: 32 of 64)."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size


class Center(RuledMaker):
    """One square in the middle of the picture, the same for every picture."""

    attempts = 1

    def __init__(
        self,
        *,
        side: int | None = None,
        inset: int = 0,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the square's side in pixels; None is half of the picture's shorter side, ``inset`` less to each side."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if side is not None and side < 1:
            raise UserError(f"side={side}: expected at least 1 pixel, or null for half of the picture")
        if inset < 0 or (inset and side is not None):
            raise UserError(f"inset={inset}: expected 0 or more pixels, and no side, from which it would be taken")
        self.side, self.inset = side, inset

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002 - nothing is random here
        """Draw the square; an odd remainder goes to the bottom and the right."""
        side = min(size) // 2 - 2 * self.inset if self.side is None else self.side
        if side < 1:
            raise UserError(f"inset={self.inset}: leaves nothing of half of {size[0]}x{size[1]} px; lower it")
        if side > min(size):
            raise UserError(f"side={side}: the picture is only {size[0]}x{size[1]} px; choose a smaller side")
        hole = np.zeros(size, bool)
        top, left = (size[0] - side) // 2, (size[1] - side) // 2
        hole[top : top + side, left : left + side] = True
        return hole
