"""Cut a hole into crops, so that cost and memory follow the hole, not the picture. Free of torch."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from inpaintlab.filling.holes import distance_to_known

if TYPE_CHECKING:
    from torch import Tensor

SAVING = 0.75
"""A crop is cut in two where the two show at most this share of its pixels: what is filled at once fits together."""
LARGEST = 2**20
"""Pixels of a crop; a larger one is cut even if that saves nothing, unless its hole is too wide."""

Array = TypeVar("Array", np.ndarray, "Tensor")


class Box(NamedTuple):
    """A rectangle of pixels, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Return the number of its rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Return the number of its columns."""
        return self.right - self.left

    @property
    def place(self) -> tuple[slice, slice]:
        """Return its rows and columns as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, by: int, limits: "Box") -> "Box":
        """Return it with so many pixels more on every side, as far as the limits go."""
        return Box(
            max(limits.top, self.top - by),
            max(limits.left, self.left - by),
            min(limits.bottom, self.bottom + by),
            min(limits.right, self.right + by),
        )

    def moved(self, down: int, right: int) -> "Box":
        """Return it at another place."""
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)


class Crop(NamedTuple):
    """A piece of a hole."""

    inner: Box
    """Where it is filled."""
    seen: Box
    """With what is shown around it."""
    width: int
    """Diameter of the largest disc in this piece of the hole, in pixels."""

    @property
    def area(self) -> int:
        """Return the number of pixels that are shown."""
        return self.seen.height * self.seen.width

    def moved(self, down: int, right: int) -> "Crop":
        """Return it at another place."""
        return Crop(self.inner.moved(down, right), self.seen.moved(down, right), self.width)


def cut_hole(hole: np.ndarray, margin: Callable[[int], int]) -> list[Crop]:
    """Return crops that hold each pixel of the hole (H, W) bool exactly once.

    A crop shows ``margin(width)`` pixels, at least 1, around what it fills, as far as the picture goes; what it shows
    may overlap with other crops. The hole's box is cut in two where the hole is thinnest, and the halves again, as long
    as that saves pixels: far holes stay apart, near ones together, and a scratch across the picture becomes a chain.
    """
    if not hole.any():
        return []
    picture = Box(0, 0, *hole.shape)
    frame = tight_box(hole).grown(1, picture)
    distance = distance_to_known(hole[frame.place])  # of the hole alone: a large picture would be a large array
    limits = picture.moved(-frame.top, -frame.left)
    crops = _cut(distance, Box(0, 0, *distance.shape), limits, margin)
    return [crop.moved(frame.top, frame.left) for crop in crops]


def tight_box(there: np.ndarray) -> Box:
    """Return the smallest box around what is True in (H, W) bool; something must be."""
    rows, columns = (np.flatnonzero(there.any(axis)) for axis in (1, 0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def fill_crops(paint: Callable[[Array, Array], Array], picture: Array, hole: Array, crops: list[Crop]) -> None:
    """Fill a picture (H, W, C) where ``hole`` (H, W) bool is True, both changed in place: filled is known.

    So each crop goes on with what those before it have filled, and a hole that was cut has no seam. ``paint``: crop,
    hole -> completed crop.
    """
    for inner, seen, _ in crops:
        completed = paint(picture[seen.place], hole[seen.place])
        own = hole[inner.place]
        picture[inner.place][own] = completed[inner.moved(-seen.top, -seen.left).place][own]
        own[...] = False


def _cut(distance: np.ndarray, box: Box, limits: Box, margin: Callable[[int], int]) -> list[Crop]:
    """Return the crops of the hole (``distance`` > 0) in a box: one, or those of its halves if that is better."""
    there = distance[box.place] > 0
    if not there.any():
        return []
    inner = tight_box(there).moved(box.top, box.left)
    width = round(2 * float(distance[inner.place].max()))
    grow = margin(width)
    whole = Crop(inner, inner.grown(grow, limits), width)
    if max(inner.height, inner.width) <= 2 * max(grow, width):  # nothing can be saved, or the hole is no long one
        return [whole]
    parts = [crop for half in _halves(distance, inner) for crop in _cut(distance, half, limits, margin)]
    better = sum(crop.area for crop in parts) <= SAVING * whole.area
    return parts if better or whole.area > LARGEST else [whole]


def _halves(distance: np.ndarray, box: Box) -> tuple[Box, Box]:
    """Cut a box across its longer side, in the middle half, where the fewest pixels of the hole touch over the cut."""
    there = distance[box.place] > 0
    upright = box.height >= box.width
    lines = there if upright else there.T
    length = len(lines)
    cuts = np.arange(max(1, length // 4), length - length // 4)
    touching = (lines[cuts - 1] & lines[cuts]).sum(1)
    cut = int(cuts[np.lexsort((abs(2 * cuts - length), touching))[0]])
    if upright:
        return box._replace(bottom=box.top + cut), box._replace(top=box.top + cut)
    return box._replace(right=box.left + cut), box._replace(left=box.left + cut)
