"""Fill one picture of 8-bit pixels, as picture files hold them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inpaintlab.filling.by_method import complete_by_method
from inpaintlab.filling.holes import fade, grown
from inpaintlab.filling.settings import Strategy
from inpaintlab.methods import Method

if TYPE_CHECKING:
    from inpaintlab.filling.fillers import Filler


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
        weight = fade(hole, feather)[..., None]
        completed = np.rint(weight * completed + (1 - weight) * pixels).astype(np.uint8)
    return Filled(completed, time.perf_counter() - begun, "; ".join(said))


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
    if isinstance(model, Method):
        assert hole is not None  # a method is never blind
        return complete_by_method(model, pixels, hole, strategy, notify)

    import torch

    from inpaintlab.filling import strategy as strategies

    there = np.zeros(pixels.shape[:2], bool) if hole is None else hole
    place = strategies.where_seen(model, there, strategy)
    # Only this becomes floats, so that the memory follows the holes, not the picture.
    seen, there = np.array(pixels[place]), np.array(there[place])
    image = torch.from_numpy(seen).permute(2, 0, 1)[None].to(model.device).float() / 255
    completed = strategies.complete(
        model, image, torch.from_numpy(there).to(image.device)[None, None], strategy, notify
    )
    filled = completed[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    result = pixels.copy()
    result[place] = filled if hole is None else np.where(there[..., None], filled, seen)
    return result
