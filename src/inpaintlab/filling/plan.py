"""What is decided before a picture is filled: crops, scales, and the line that says so. Free of torch."""

import math

import numpy as np

from inpaintlab.filling.crops import Crop, cut_hole
from inpaintlab.filling.settings import Strategy

CROPPED: tuple[Strategy, ...] = ("auto", "crop")
"""The strategies that look at crops alone."""
NEAREST, FARTHEST = 64, 256
"""What a crop shows around a hole at least; at most where patches are searched, of which those near by are better."""
AT_ONCE = 2**21
"""Pixels beyond which ``auto`` lets a network fill by tiles."""
TILE = 512
"""Side of a tile in pixels, where the model was trained on smaller pictures."""
WIDEST = 0.5
"""The widest hole at one scale, as a share of the side of the pictures that the model was trained on."""


def list_crops(hole: np.ndarray, trained_size: int | None) -> list[Crop]:
    """Return the crops of a hole (H, W) bool.

    Around a hole a network is shown as much as makes a crop, at its smallest scale, as large as the pictures that it
    was trained on; a method without training as much as the hole is wide, within limits.
    """

    def margin(width: int) -> int:
        if trained_size is None:
            return min(max(NEAREST, width), FARTHEST)
        return max(NEAREST, (trained_size * 2 ** (count_scales(width, trained_size) - 1) - width) // 2)

    return cut_hole(hole, margin)


def count_scales(width: int, trained_size: int | None) -> int:
    """Return at how many sizes a hole of this width is filled, so that it is narrow enough at the smallest one."""
    if trained_size is None:
        return 1
    return 1 + max(0, math.ceil(math.log2(max(1, width) / (WIDEST * trained_size))))


def describe(crops: list[Crop], trained_size: int | None) -> str:
    """Say in one line what ``auto`` chose and why."""
    width = max(crop.width for crop in crops)
    count = f"{len(crops)} crop{'s' if len(crops) > 1 else ''}"
    if trained_size is None:
        return f"hole {width} px wide, a method without training: {count}"
    parts = [count]
    if (scales := count_scales(width, trained_size)) > 1:
        parts.append(f"{'up to ' if len(crops) > 1 else ''}{scales} scales")
    return f"hole {width} px wide, model trained at {trained_size} px: {', '.join(parts)}"
