"""How a picture of any size is filled by a model of any training size: ``whole``, ``crop``, ``tiles``, ``two_scale``.

``auto`` looks at the hole's width, the size of the pictures that the model was trained on, and the memory that it
takes, and says what it chose.
"""

import math
from collections.abc import Callable
from functools import partial, reduce

import numpy as np
import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.filling.by_method import count_crops, describe_method
from inpaintlab.filling.crops import MARGIN, Box, fill_crops, list_boxes
from inpaintlab.filling.holes import width_of
from inpaintlab.filling.painter import Painter
from inpaintlab.filling.scales import fill_scales
from inpaintlab.filling.settings import STRATEGIES, Strategy
from inpaintlab.filling.tensors import complete_tensor
from inpaintlab.filling.tiles import fill_tiles
from inpaintlab.models.base import InpaintingModule

LARGEST = 1024
"""Side in pixels beyond which ``auto`` fills by tiles."""
TILE = 512
"""Side of such a tile in pixels, where the model was trained on smaller pictures."""
WIDEST = 0.5
"""The widest hole at one scale, as a share of the side of the pictures that the model was trained on."""


def say_nothing(line: str) -> None:
    """Take the place of a caller who does not ask what was chosen."""


def complete(
    model: InpaintingModule,
    image: Tensor,
    hole: Tensor,
    strategy: Strategy = "auto",
    notify: Callable[[str], None] = say_nothing,
) -> Tensor:
    """Fill a picture of any size: image (1, C, H, W) in [0, 1], hole (1, 1, H, W) bool -> completed (1, C, H, W).

    Known pixels are kept bit by bit; a blind model sees and may change all of the picture. ``notify`` gets a line
    about what ``auto`` chose and why. Where the device lacks the memory, the picture is filled by tiles, and a line
    says so; ``UserError`` where even that is too much.
    """
    if strategy not in STRATEGIES:
        raise UserError(f"strategy={strategy}: expected one of {', '.join(STRATEGIES)}")
    whole = partial(complete_tensor, model)
    if model.blind:
        return with_less_memory(whole, model, image, hole, notify)
    if not hole.any():
        return image.clone()
    if strategy == "whole":
        return with_less_memory(whole, model, image, hole, notify)
    pixels = hole[0, 0].cpu().numpy()
    side, width = tile_side(model), width_of(pixels)
    boxes = list_crops(model, pixels)
    longest = max(max(box.bottom - box.top, box.right - box.left) for box in boxes)
    scales = count_scales(width, model.trained_size)
    if strategy == "auto":
        notify(describe(model, width, len(boxes), scales, longest))
    paint: Painter = whole
    if strategy == "tiles" or (strategy == "auto" and model.trained_size and longest > LARGEST):
        paint = partial(fill_tiles, paint, side=side)
    if strategy in ("auto", "two_scale"):
        paint = partial(fill_scales, paint, scales=scales if strategy == "auto" else max(2, scales))
    if strategy == "crop" or strategy == "auto":
        paint = partial(fill_crops, paint, boxes=boxes)
    return with_less_memory(paint, model, image, hole, notify)


def where_seen(model: InpaintingModule, hole: np.ndarray, strategy: Strategy) -> tuple[slice, slice]:
    """Return the rows and columns that a strategy looks at, or changes, for a hole (H, W) bool."""
    if model.blind or strategy not in ("auto", "crop") or not hole.any():
        return slice(None), slice(None)
    box = reduce(Box.around, list_crops(model, hole))
    return slice(box.top, box.bottom), slice(box.left, box.right)


def list_crops(model: InpaintingModule, hole: np.ndarray) -> list[Box]:
    """Return the crops of a hole (H, W) bool, with as much around it as it is long; see ``by_method`` for ``min``."""
    return list_boxes(hole, MARGIN, max if model.trained_size else min)


def count_scales(width: int, trained_size: int | None) -> int:
    """Return at how many sizes a hole of this width is filled, so that it is narrow enough at the smallest one."""
    if trained_size is None:
        return 1
    return 1 + max(0, math.ceil(math.log2(max(1, width) / (WIDEST * trained_size))))


def tile_side(model: InpaintingModule) -> int:
    """Return the side of a tile in pixels, a multiple of what the network needs."""
    side = max(TILE, model.trained_size or 0)
    return -(-side // model.divisor) * model.divisor


def describe(model: InpaintingModule, width: int, boxes: int, scales: int, longest: int) -> str:
    """Say in one line what ``auto`` chose and why."""
    if not model.trained_size:
        return describe_method(width, boxes)
    parts = [count_crops(boxes)]
    if scales > 1:
        parts.append(f"{scales} scales")
    if longest > LARGEST:
        parts.append(f"tiles of {tile_side(model)} px")
    return f"hole {width} px wide, model trained at {model.trained_size} px: {', '.join(parts)}"


def with_less_memory(
    paint: Painter, model: InpaintingModule, image: Tensor, hole: Tensor, notify: Callable[[str], None]
) -> Tensor:
    """Paint; where the memory does not suffice, paint by tiles, ever smaller ones."""
    side = tile_side(model)
    while True:
        try:
            return paint(image, hole)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if model.blind or side < max(32, model.divisor):
                raise UserError(
                    f"too large for the memory of {image.device}: {image.shape[-1]}x{image.shape[-2]} px; "
                    "use device=cpu, or a smaller picture"
                ) from error
        notify(f"not enough memory on {image.device}: filled by tiles of {side} px")
        paint = partial(fill_tiles, partial(complete_tensor, model), side=side)
        side //= 2


def is_out_of_memory(error: BaseException) -> bool:
    """Tell a lack of memory from other errors: the CPU's allocator raises a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
