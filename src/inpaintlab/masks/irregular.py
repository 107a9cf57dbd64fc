"""Free-form holes: streaks and blobs like the occlusion masks of PConv (section 4.1), made without any files."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

# The drawings are too small to gain from threads, and OpenCV's threads do not survive the fork of a loader's worker.
cv2.setNumThreads(0)

POINTS = 12
"""Corners of a streak and of a blob."""


class Irregular(RuledMaker):
    """Thin streaks and blobs, rotated and cropped out of a larger page, then dilated up to the wanted hole share."""

    def __init__(
        self,
        *,
        dilation: Sequence[float] = (9, 49),
        blobs: float = 0.3,
        ratio: Sequence[float] | None = (0.01, 0.6),
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the width of a dilated streak in pixels at 512, and the share of shapes that are blobs.

        The width is scaled with the picture's shorter side. It sets how many shapes are drawn; the dilation itself
        is the one that gives a hole share drawn uniformly from ``ratio`` (None: from (0.01, 0.6]).
        """
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if len(dilation) != 2 or not 1 <= dilation[0] <= dilation[1]:
            raise UserError(f"dilation={list(dilation)}: expected [low, high] in pixels with 1 <= low <= high")
        if not 0 <= blobs <= 1:
            raise UserError(f"blobs={blobs}: expected a share in [0, 1]")
        self.dilation = tuple(dilation)
        self.blobs = blobs

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw the shapes, measure how far every pixel is from them, and make a hole of the nearest ones."""
        rule = self.rule if self.rule.ratio else replace(self.rule, ratio=(0.01, 0.6))
        target = rule.target(size, rng)
        width = max(2.0, rng.uniform(*self.dilation) * min(size) / 512)
        bones = self.draw_bones(size, target, width, rng)
        distance = cv2.distanceTransform(1 - bones, cv2.DIST_L2, cv2.DIST_MASK_3)
        distance -= roughness(size, rng) * (0.5 * width)
        return nearest(self.keep_clear(distance, width), target)

    def draw_bones(self, size: Size, target: int, width: float, rng: np.random.Generator) -> np.ndarray:
        """Draw as many streaks and blobs as fill ``target`` pixels at ``width``: (H, W) uint8, 1 = drawn."""
        bones = np.zeros(size, np.uint8)
        rows, columns = self.rule.inside(size)
        corner = np.array([columns.start, rows.start])
        extent = np.array([columns.stop - columns.start, rows.stop - rows.start])
        angle = rng.uniform(0, 2 * np.pi)  # of the whole page: occlusions of one motion run side by side
        area, side = 0.0, float(min(extent))
        while area < target:
            start = corner + extent * rng.uniform(0.05, 0.95, 2)
            if rng.random() < self.blobs:
                radius = min(width * rng.uniform(0.3, 1.5), side / 5)
                cv2.fillPoly(bones, [blob(start, radius, rng)], 1)
                area += np.pi * (radius + width / 2) ** 2
            else:
                length = side * rng.uniform(0.2, 1.2)
                path = streak(start, length, angle + rng.normal(0, 0.5), rng)
                cv2.polylines(bones, [path], False, 1, int(rng.integers(1, 2 + width / 3)))
                area += length * width
        return bones

    def keep_clear(self, distance: np.ndarray, width: float) -> np.ndarray:
        """Push the pixels near the border to the end of the queue, the forbidden ones behind all others."""
        if self.rule.border != "clear":
            return distance
        rows, columns = self.rule.inside(distance.shape)
        pushed = np.full_like(distance, np.inf)
        ramps = [
            np.maximum(0, 2 * width - np.minimum(np.arange(n), np.arange(n)[::-1])).astype(np.float32)
            for n in (rows.stop - rows.start, columns.stop - columns.start)
        ]
        pushed[rows, columns] = distance[rows, columns] + np.hypot(ramps[0][:, None], ramps[1][None, :])
        return pushed


def streak(start: np.ndarray, length: float, angle: float, rng: np.random.Generator) -> np.ndarray:
    """Walk along a bent line: (POINTS, 1, 2) int32 x, y."""
    headings = angle + np.cumsum(rng.normal(0, 0.35, POINTS))
    steps = length / POINTS * rng.uniform(0.3, 1.7, POINTS)
    path = np.stack([np.cos(headings), np.sin(headings)], 1) * steps[:, None]
    path = np.cumsum(path, 0)
    return (start + path - path.mean(0)).round().astype(np.int32)[:, None]


def blob(center: np.ndarray, radius: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a lump, longer than wide: (POINTS, 1, 2) int32 x, y."""
    turns = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    radii = radius * rng.uniform(0.5, 1.2, POINTS)
    ring = np.stack([np.cos(turns), rng.uniform(0.3, 1) * np.sin(turns)], 1) * radii[:, None]
    tilt = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    return (center + ring @ rotation.T).round().astype(np.int32)[:, None]


def roughness(size: Size, rng: np.random.Generator) -> np.ndarray:
    """Draw smooth noise (H, W) float32 of two grain sizes, which frays the edges of the dilated shapes."""
    noise = np.zeros(size, np.float32)
    for cells, share in ((9, 0.6), (40, 0.4)):
        coarse = rng.standard_normal((cells, cells), dtype=np.float32) * np.float32(share)
        noise += cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR)
    return noise


def nearest(distance: np.ndarray, count: int) -> np.ndarray:
    """Choose the ``count`` pixels of the smallest distance: (H, W) bool."""
    return distance <= np.partition(distance, count - 1, axis=None)[count - 1]
