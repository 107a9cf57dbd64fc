"""Augmentation of mask files: random rotation, cropping and dilation (PConv, section 4.1), flips too (MADF, IV-C)."""

from collections.abc import Sequence

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError

# The drawings are too small to gain from threads, and OpenCV's threads do not survive the fork of a loader's worker.
cv2.setNumThreads(0)


class Augmentation:
    """Rotate and enlarge a mask, cut a window of the old size out of it, dilate the hole, and flip every second one."""

    def __init__(
        self, *, dilation: Sequence[float] = (9, 49), rotation: float = 180, zoom: float = 1.5, flip: bool = False
    ) -> None:
        """Take the dilating square's side in pixels at 512, the greatest angle in degrees, the greatest enlargement."""
        if len(dilation) != 2 or not 1 <= dilation[0] <= dilation[1]:
            raise UserError(f"dilation={list(dilation)}: expected [low, high] in pixels with 1 <= low <= high")
        if not 0 <= rotation <= 180:
            raise UserError(f"rotation={rotation}: expected the greatest angle, 0 to 180 degrees")
        if zoom < 1:
            raise UserError(f"zoom={zoom}: expected the greatest enlargement, at least 1")
        self.dilation, self.rotation, self.zoom, self.flip = tuple(dilation), rotation, zoom, flip

    def __call__(self, hole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Augment a hole map (H, W) bool; what the rotation brings in from outside is known."""
        height, width = hole.shape
        scale = rng.uniform(1, self.zoom)
        matrix = cv2.getRotationMatrix2D(
            ((width - 1) / 2, (height - 1) / 2), rng.uniform(-self.rotation, self.rotation), scale
        )
        # The window may lie anywhere in the enlarged mask: this is the crop.
        matrix[:, 2] += rng.uniform(-0.5, 0.5, 2) * (scale - 1) * np.array([width, height])
        turned = cv2.warpAffine(hole.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=0)
        side = max(1, round(rng.uniform(*self.dilation) * min(hole.shape) / 512))
        dilated = cv2.dilate(turned, np.ones((side, side), np.uint8)) > 0
        return dilated[:, ::-1].copy() if self.flip and rng.random() < 0.5 else dilated
