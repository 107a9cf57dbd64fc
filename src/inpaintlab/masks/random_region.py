"""Random regions of no particular shape (Pathak et al. 2016): smooth noise below a threshold."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

SUPPORT = 2
"""Cells of noise to each side that a bicubic pixel looks at."""


class RandomRegion(RuledMaker):
    """Uniform noise, enlarged bicubically; what lies below the threshold is hole.

    The authors enlarge 600 x 600 numbers to a pattern of 10,000 x 10,000 pixels once, and cut windows out of it. Here
    each mask enlarges numbers of its own, at a random place between them: such a window out of a pattern without end.
    """

    def __init__(
        self,
        *,
        resolution: float = 0.06,
        threshold: float | None = 0.25,
        ratio: Sequence[float] | None = (0.2, 0.3),
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the cells of noise per pixel, and the threshold in 0..1; None: the one that meets the ratio."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if not 0 < resolution <= 1:
            raise UserError(f"resolution={resolution}: expected cells of noise per pixel, in 0..1")
        if threshold is not None and not 0 < threshold < 1:
            raise UserError(f"threshold={threshold}: expected a number in 0..1, or null")
        self.resolution, self.threshold = resolution, threshold

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw the noise, and the hole where it is low."""
        noise = self._noise(size, rng)
        rows, columns = self.rule.inside(size)
        allowed = np.zeros(size, bool)
        allowed[rows, columns] = True
        if self.threshold is not None:
            return allowed & (noise < self.threshold)
        count = self.rule.target(size, rng)
        lowest = np.argpartition(np.where(allowed, noise, np.inf), count - 1, axis=None)[:count]
        hole = np.zeros(size, bool)
        hole.flat[lowest] = True
        return hole

    def _noise(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Return smooth noise (H, W): a window of ``size`` at a random place of the enlarged numbers."""
        span = [side * self.resolution for side in size]  # in cells
        cells = [math.ceil(length) + 1 + 2 * SUPPORT for length in span]
        numbers = Image.fromarray(rng.random(cells, dtype=np.float32))
        top, left = SUPPORT + rng.random(2)
        return np.asarray(
            numbers.resize(size[::-1], Image.Resampling.BICUBIC, box=(left, top, left + span[1], top + span[0]))
        )
