"""The holes of PConv's super-resolution (section 5.2): one known pixel in each block of K x K."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size


class Lattice(RuledMaker):
    """Pixel (x, y) of the small picture is known at (K x + offset, K y + offset) of the large one."""

    attempts = 1

    def __init__(
        self,
        *,
        factor: int = 4,
        offset: int | None = None,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the factor K and the offset in pixels; None is K // 2."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if factor < 2:
            raise UserError(f"factor={factor}: expected at least 2")
        if offset is not None and not 0 <= offset < factor:
            raise UserError(f"offset={offset}: expected 0 to factor - 1 = {factor - 1}, or null for factor // 2")
        if border == "clear":
            raise UserError("border=clear: a lattice has holes at the border; choose any or touch")
        self.factor = factor
        self.offset = factor // 2 if offset is None else offset

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002 - nothing is random here
        """Draw the lattice."""
        hole = np.ones(size, bool)
        hole[self.offset :: self.factor, self.offset :: self.factor] = False
        return hole
