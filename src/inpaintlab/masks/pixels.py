"""Single pixels missing at random (Yeh et al.: 80 %)."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size


class Pixels(RuledMaker):
    """An exact number of pixels, each as likely as any other."""

    def __init__(
        self,
        *,
        missing: float | None = 0.8,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the share of missing pixels; None draws it uniformly from ``ratio``."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if missing is not None and not 0 < missing < 1:
            raise UserError(f"missing={missing}: expected a share in (0, 1), or null to draw it from the ratio")
        if missing is not None and ratio is not None and not ratio[0] < missing <= ratio[1]:
            raise UserError(
                f"missing={missing} lies outside ratio={list(ratio)}; set missing=null to draw it from the ratio"
            )
        self.missing = missing

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Choose the pixels among those that the border rule allows."""
        count = self.rule.target(size, rng) if self.missing is None else round(self.missing * size[0] * size[1])
        rows, columns = self.rule.inside(size)
        hole = np.zeros(size, bool)
        field = rng.random((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
        if count > field.size:
            raise UserError(
                f"missing={self.missing}: {self.rule.describe(size)} leaves room "
                f"for {field.size / hole.size:.3g} of the picture"
            )
        chosen = np.argpartition(field, count - 1, axis=None)[:count]
        field[:] = 0
        field.flat[chosen] = 1
        hole[rows, columns] = field > 0
        return hole
