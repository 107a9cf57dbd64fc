"""Free-form holes: streaks and blobs like the occlusion masks of PConv (section 4.1), made without any files."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, log, pi, sqrt

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

# The drawings are too small to gain from threads, and OpenCV's threads do not survive the fork of a loader's worker.
cv2.setNumThreads(0)

POINTS = 12
"""Corners of a shape."""
ROUND = np.linspace(0, 2 * pi, POINTS, endpoint=False)
"""How far the outline of a blob has turned at each corner, radians."""
STREAK, OUTLINE = (0.2, 1.2), (0.0, 12.0)
"""Least and greatest length: of a streak in shorter sides, of an outline in widths, from a square to an open ring."""
STREAK_AREA, OUTLINE_AREA = 0.6, 7.0
"""Mean area of one, dilated: in shorter sides times width, as far as it lies on the page; in squares of the width."""
FAR = 255
"""Number of the pixels that no shape covers."""


class Irregular(RuledMaker):
    """Streaks and outlines of blobs, dilated by a square: as many as the wanted hole share takes."""

    def __init__(
        self,
        *,
        dilation: Sequence[float] = (9, 49),
        blobs: float = 0.3,
        ratio: Sequence[float] | None = (0.01, 0.6),
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the side of the dilating square in pixels at 512, and the share of shapes that are blobs.

        The square is scaled with the picture's shorter side, and smaller where the hole is too small for several. The
        hole share is drawn uniformly from ``ratio`` (None: from (0.01, 0.6]).
        """
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if len(dilation) != 2 or not 1 <= dilation[0] <= dilation[1]:
            raise UserError(f"dilation={list(dilation)}: expected [low, high] in pixels with 1 <= low <= high")
        if not 0 <= blobs <= 1:
            raise UserError(f"blobs={blobs}: expected a share in [0, 1]")
        self.dilation = tuple(dilation)
        self.blobs = blobs

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw shapes where holes may be until the target is reached, and cut the last one off there."""
        rule = self.rule if self.rule.ratio else replace(self.rule, ratio=(0.01, 0.6))
        target = rule.target(size, rng)
        width = min(rng.uniform(*self.dilation) * min(size) / 512, sqrt(target) / 3)
        hole = np.zeros(size, bool)
        place = hole[rule.inside(size)]
        page, number = self.draw_page(place.shape, target, width, rng)
        while (last := reaching(page, number, target)) > number:
            width *= 2  # so that a full page is reached too
            further, number = self.draw_page(place.shape, target, width, rng)
            page = further * (page == FAR)
        place[:] = first_pixels(page, last, target)
        return hole

    def draw_page(self, room: Size, target: int, width: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """Draw some more shapes than fill ``target`` pixels.

        Returns (H, W) uint8, the number, from 1 on, of the first shape that covers the pixel; and how many there are.
        """
        side, pixels, square = min(room), room[0] * room[1], max(1, round(width))
        area = self.blobs * OUTLINE_AREA * width**2 + (1 - self.blobs) * STREAK_AREA * side * width
        # Each shape covers its share of what those before it have left.
        wanted = -log(1 - min(target, pixels - 1) / pixels) * pixels / area
        number = min(FAR - 1, 1 + ceil(1.2 * wanted))
        closed = rng.random((number, 1)) < self.blobs
        lengths = np.where(closed, width * rng.uniform(*OUTLINE, (number, 1)), side * rng.uniform(*STREAK, (number, 1)))
        # Walks; those of blobs come round. Occlusions of one motion run side by side: streaks head about the same way.
        headings = rng.normal(0, 0.35, (number, POINTS)).cumsum(1) + closed * ROUND + rng.uniform(0, 2 * pi)
        steps = np.exp(1j * headings) * rng.uniform(0.3, 1.7, (number, POINTS)) * (lengths / POINTS)
        paths = steps.cumsum(1)  # x + iy
        paths -= paths.mean(1, keepdims=True)
        centers = rng.random((number, 1, 2)) * room[::-1]
        if self.rule.border == "touch":
            axis = rng.integers(2)
            centers[0, 0, axis] = room[1 - axis] * rng.integers(2)
        corners = np.rint(paths.view(float).reshape(number, POINTS, 2) + centers).astype(np.int32)
        page = np.full(room, FAR, np.uint8)
        for index in reversed(range(number)):
            cv2.polylines(page, [corners[index]], bool(closed[index]), index + 1)
        # The least number within a square around each pixel dilates all shapes at once.
        return cv2.erode(page, np.ones((square, square), np.uint8)), number


def count(hole: np.ndarray) -> int:
    """Count the hole pixels of a map (H, W) bool."""
    return cv2.countNonZero(hole.view(np.uint8))


def reaching(page: np.ndarray, number: int, target: int) -> int:
    """Return the shape with which ``target`` pixels are reached, ``number + 1`` if all together do not."""
    return bisect_left(range(number + 1), target, key=lambda last: count(page <= last))


def first_pixels(page: np.ndarray, last: int, target: int) -> np.ndarray:
    """Choose ``target`` pixels, (H, W) bool: all shapes before the last one, which is cut off across its length."""
    hole, shape = page < last, page == last
    left, top, width, height = cv2.boundingRect(shape.view(np.uint8))
    box = np.s_[top : top + height, left : left + width]
    part, rest = (hole[box], shape[box]) if height > width else (hole[box].T, shape[box].T)
    kept = np.flatnonzero(rest)[: target - count(hole)]
    part[np.unravel_index(kept, part.shape)] = True
    return hole
