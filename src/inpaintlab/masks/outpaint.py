"""Strips missing along the sides of the picture, which has to be continued outwards."""

from collections.abc import Sequence

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

SIDES = ("top", "bottom", "left", "right")


class Outpaint(RuledMaker):
    """A strip along each of the named sides."""

    attempts = 1

    def __init__(
        self,
        *,
        sides: Sequence[str] = SIDES,
        share: float | None = 0.125,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the sides, and a strip's width as a share of the picture's height or width; None: drawn."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if not sides or not set(sides) <= set(SIDES) or len(set(sides)) < len(sides):
            raise UserError(f"sides={list(sides)}: expected some of {', '.join(SIDES)}, each once")
        if share is None and ratio is None:
            raise UserError("share=null: give a ratio to draw it from, or a share of the picture's height and width")
        if share is not None and not 0 < share < 1:
            raise UserError(f"share={share}: expected a share in (0, 1), or null to draw it for the ratio")
        if border == "clear":
            raise UserError("border=clear: holes of outpainting lie at the border; choose any or touch")
        self.sides = tuple(sides)
        self.share = share

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw the strips."""
        share = self.choose_share(size, rng) if self.share is None else self.share
        down, right = (round(share * length) for length in size)
        hole = np.zeros(size, bool)
        for side in self.sides:
            strip = {
                "top": np.s_[:down],
                "bottom": np.s_[size[0] - down :],
                "left": np.s_[:, :right],
                "right": np.s_[:, size[1] - right :],
            }[side]
            hole[strip] = True
        return hole

    def choose_share(self, size: Size, rng: np.random.Generator) -> float:
        """Choose among the widths that give an allowed number of hole pixels the one nearest to a random target."""
        shares = np.arange(1, 2 * max(size)) / (2 * max(size))
        known = np.array(
            [
                np.maximum(0, length - sum(side in self.sides for side in pair) * np.round(shares * length))
                for length, pair in zip(size, (("top", "bottom"), ("left", "right")), strict=True)
            ]
        ).prod(0)
        counts = size[0] * size[1] - known
        fewest, most = self.rule.counts(size)
        allowed = (counts >= fewest) & (counts <= most)
        if not allowed.any():
            raise UserError(
                f"mask Outpaint: no strips along {', '.join(self.sides)} of {size[0]}x{size[1]} px give "
                f"{self.rule.describe(size)}; change ratio or sides"
            )
        return float(shares[allowed][np.abs(counts[allowed] - self.rule.target(size, rng)).argmin()])
