"""Where a picture is to be filled: a mask file, a box, both; grown. Free of torch."""

import re
from pathlib import Path

import cv2
import numpy as np
from omegaconf import DictConfig
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.reading import is_black_and_white, read_hole

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels, from the upper left."""


def read_box(text: str | None) -> Box | None:
    """Read ``x,y,w,h``; ``UserError`` for anything else."""
    if text is None:
        return None
    if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*){3}", str(text)):
        raise UserError(f"box={text}: expected four whole numbers, x,y,w,h, from the upper left in pixels")
    x, y, width, height = (int(part) for part in str(text).split(","))
    if not width or not height:
        raise UserError(f"box={text}: expected a width and a height of at least 1")
    return x, y, width, height


def hole_for(
    size: tuple[int, int], mask: Path | None, box: Box | None, cfg: DictConfig
) -> tuple[np.ndarray, list[str]]:
    """Return the hole of a picture of ``size`` (height, width), (H, W) bool, True = hole, and notices about it."""
    hole, notices = np.zeros(size, bool), list[str]()
    if mask is not None:
        hole, notices = read_mask(size, mask, cfg)
    if box is not None:
        x, y, width, height = box
        if x >= size[1] or y >= size[0]:
            raise UserError(f"box={','.join(map(str, box))}: lies outside of the {size[1]}x{size[0]} px picture")
        hole[y : y + height, x : x + width] = True
    if cfg.grow:
        hole = grown(hole, cfg.grow)
    if hole.all():
        raise UserError(
            f"{mask or 'box'}: all hole with hole_is={cfg.hole_is}, nothing is known; should it be the other colour?"
        )
    return hole, notices


def read_mask(size: tuple[int, int], path: Path, cfg: DictConfig) -> tuple[np.ndarray, list[str]]:
    """Read a mask file as a hole of this size; one that is not black and white alone is cut at half of full white."""
    threshold, notices = cfg.threshold, []
    if threshold is None and not is_black_and_white(path, cfg.channel):
        threshold = 0.5
        notices.append(f"{path.name}: has grey values; what is brighter than half of white is the hole's colour")
    hole = read_hole(path, cfg.hole_is, cfg.channel, threshold)
    if hole.shape != size:
        if not cfg.resize_mask:
            raise UserError(
                f"{path}: {hole.shape[0]}x{hole.shape[1]} px (height x width), but the picture has "
                f"{size[0]}x{size[1]}; set resize_mask=true (nearest neighbour) or give a mask of that size"
            )
        hole = np.asarray(Image.fromarray(hole).resize(size[::-1], Image.Resampling.NEAREST))
    return hole.copy(), notices


def grown(hole: np.ndarray, pixels: int) -> np.ndarray:
    """Return the hole with all that lies no further from it than so many pixels."""
    return distance_to_hole(hole) <= pixels if hole.any() else hole


def distance_to_hole(hole: np.ndarray) -> np.ndarray:
    """Return each pixel's distance to the nearest pixel of the hole, (H, W) float32; 0 inside."""
    return cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def fade(hole: np.ndarray, feather: int) -> np.ndarray:
    """Return the weight of the fill, (H, W): 1 in the hole, falling to 0 over ``feather`` pixels around it."""
    return np.clip(1 - distance_to_hole(hole) / (feather + 1), 0, 1) if hole.any() else hole.astype(np.float32)


def distance_to_known(hole: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel to the nearest known one, (H, W) float32 in pixels."""
    return cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def width_of(hole: np.ndarray) -> int:
    """Return the width of a hole (H, W) bool: the diameter of the largest disc in it, in pixels."""
    # Beyond the picture's edge nothing is known, so that a hole there is as wide as its mirror image makes it.
    return round(2 * float(distance_to_known(hole).max())) if hole.any() else 0
