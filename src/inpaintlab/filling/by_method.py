"""Fill 8-bit pixels by a method of another library: crops, or the picture at once. Free of torch."""

from collections.abc import Callable

import numpy as np

from inpaintlab.filling.crops import MARGIN, list_boxes
from inpaintlab.filling.holes import width_of
from inpaintlab.filling.settings import Strategy
from inpaintlab.methods import Method

STRATEGIES: tuple[Strategy, ...] = ("auto", "whole", "crop")
"""Those that change no pixels but by the method; the others mix several answers, which ``strategy`` does for models."""


def complete_by_method(
    method: Method, pixels: np.ndarray, hole: np.ndarray, strategy: Strategy, notify: Callable[[str], None]
) -> np.ndarray:
    """Fill (H, W, C) uint8 where ``hole`` (H, W) is True, by one of ``STRATEGIES``: the same bits as by the model."""
    if strategy == "whole":
        return method.complete(pixels, hole)
    # As much around it as it is wide: a search for patches is better, and quicker, among those near by.
    boxes = list_boxes(hole, MARGIN, min)
    if strategy == "auto":
        notify(describe_method(width_of(hole), len(boxes)))
    completed = pixels.copy()
    for box in boxes:
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        completed[place] = method.complete(pixels[place], hole[place])
    return completed


def describe_method(width: int, boxes: int) -> str:
    """Say in one line what ``auto`` chose for a method without training, and why."""
    return f"hole {width} px wide, a method without training: {count_crops(boxes)}"


def count_crops(boxes: int) -> str:
    """Say how many crops there are."""
    return f"{boxes} crop{'s' if boxes > 1 else ''}"
