"""Fill one picture of 8-bit pixels, as picture files hold them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from inpaintlab.filling.crops import fill_crops
from inpaintlab.filling.holes import fade, grown
from inpaintlab.filling.plan import CROPPED, describe, list_crops
from inpaintlab.filling.settings import Strategy
from inpaintlab.methods import Method

if TYPE_CHECKING:
    from inpaintlab.filling.fillers import Filler
    from inpaintlab.models.base import InpaintingModule


@dataclass(frozen=True)
class Filled:
    """One picture as one model filled it."""

    pixels: np.ndarray
    """(H, W, 1 or 3) uint8."""
    seconds: float
    how: str
    """What the strategy chose; may be empty."""


def fill_picture(
    model: "Filler", pixels: np.ndarray, hole: np.ndarray | None, strategy: Strategy, feather: int
) -> Filled:
    """Fill (H, W, C) uint8, and fade into the picture over ``feather`` pixels around the hole (H, W)."""
    begun = time.perf_counter()
    if hole is not None and not hole.any():
        return Filled(pixels, 0.0, "")
    said: list[str] = []
    wide = hole if hole is None or not feather else grown(hole, feather)
    completed = complete(model, pixels, wide, strategy, said.append)
    if hole is not None and feather:
        weight = fade(hole, feather)
        rim = (weight > 0) & ~hole
        share = weight[rim][:, None]
        completed[rim] = np.rint(share * completed[rim] + (1 - share) * pixels[rim]).astype(np.uint8)
    return Filled(completed, time.perf_counter() - begun, "; ".join(dict.fromkeys(said)))


def complete(
    model: "Filler",
    pixels: np.ndarray,
    hole: np.ndarray | None,
    strategy: Strategy = "auto",
    notify: Callable[[str], None] = lambda line: None,  # noqa: ARG005
) -> np.ndarray:
    """Fill (H, W, C) uint8 where ``hole`` (H, W) is True; a blind model (None) may change every pixel.

    A colour model sees grey as colour, and its answer is turned to grey; a grey model fills each channel by itself.
    """
    if hole is None:
        assert not isinstance(model, Method)  # a method is never blind
        return _paint(model, strategy, notify, pixels, np.zeros(pixels.shape[:2], bool))
    paint = model.complete if isinstance(model, Method) else partial(_paint, model, strategy, notify)
    if strategy not in CROPPED:
        return paint(pixels, hole)
    crops = list_crops(hole, model.trained_size)
    if crops and strategy == "auto":
        notify(describe(crops, model.trained_size))
    completed = pixels.copy()
    fill_crops(paint, completed, hole.copy(), crops)
    return completed


def _paint(
    model: "InpaintingModule", strategy: Strategy, notify: Callable[[str], None], pixels: np.ndarray, hole: np.ndarray
) -> np.ndarray:
    """Let a model fill (H, W, C) uint8, a picture or one crop of it: only this becomes floats."""
    import torch

    from inpaintlab.filling.strategy import complete_at_once

    image = torch.tensor(pixels, device=model.device).permute(2, 0, 1)[None].float().div_(255)
    there = torch.tensor(hole, device=model.device)[None, None]
    completed = complete_at_once(model, image, there, strategy, notify)
    filled = completed[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    return filled if model.blind else np.where(hole[..., None], filled, pixels)
