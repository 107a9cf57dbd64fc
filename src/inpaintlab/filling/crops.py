"""Fill around the holes alone: the cost follows the hole, not the picture. Free of torch."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from inpaintlab.filling.painter import Painter

MARGIN = 64
"""What a crop shows around a hole at least, in pixels."""


class Box(NamedTuple):
    """A rectangle of pixels, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Return the number of its pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def overlaps(self, other: "Box") -> bool:
        """Tell whether a pixel lies in both."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def around(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


def list_boxes(hole: np.ndarray, margin: int, extent: Callable[[int, int], int]) -> list[Box]:
    """Return boxes that hold all of the hole (H, W) bool and do not overlap, in reading order.

    Each connected hole's box is grown on every side by ``margin`` pixels or by the ``extent`` of its sides, the larger,
    as far as the picture goes; boxes that then overlap become one, until none do. ``extent``: ``max`` or ``min``.
    """
    height, width = hole.shape
    statistics = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)[2][1:]
    boxes: list[Box] = []
    for left, top, wide, high, _ in statistics.tolist():
        grow = max(margin, extent(wide, high))
        grown = Box(
            max(0, top - grow), max(0, left - grow), min(height, top + high + grow), min(width, left + wide + grow)
        )
        while touching := [box for box in boxes if box.overlaps(grown)]:
            boxes = [box for box in boxes if box not in touching]
            for box in touching:
                grown = grown.around(box)
        boxes.append(grown)
    return sorted(boxes)


def fill_crops(paint: "Painter", image: "Tensor", hole: "Tensor", boxes: list[Box]) -> "Tensor":
    """Let ``paint`` see each box by itself, and lay the results into a copy of the picture (1, C, H, W)."""
    completed = image.clone()
    for box in boxes:
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        completed[..., rows, columns] = paint(image[..., rows, columns], hole[..., rows, columns])
    return completed
