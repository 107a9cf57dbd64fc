"""How a picture of any size is filled by a model of any training size: ``whole``, ``crop``, ``tiles``, ``two_scale``.

``auto`` looks at the hole's width, the size of the pictures that the model was trained on, and the memory that it
takes, and says what it chose.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.filling import plan
from inpaintlab.filling.crops import fill_crops
from inpaintlab.filling.holes import width_of
from inpaintlab.filling.painter import Painter
from inpaintlab.filling.scales import fill_scales
from inpaintlab.filling.settings import STRATEGIES, Strategy
from inpaintlab.filling.tensors import complete_tensor
from inpaintlab.filling.tiles import fill_tiles
from inpaintlab.models.base import InpaintingModule


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
    if model.blind or strategy not in plan.CROPPED:
        return complete_at_once(model, image, hole, strategy, notify)

    def paint(crop: Tensor, there: Tensor) -> Tensor:
        completed = complete_at_once(model, crop.permute(2, 0, 1)[None], there[None, None], strategy, notify)
        return completed[0].permute(1, 2, 0)

    crops = plan.list_crops(hole[0, 0].cpu().numpy(), model.trained_size)
    if crops and strategy == "auto":
        notify(plan.describe(crops, model.trained_size))
    completed = image.clone()
    fill_crops(paint, completed[0].permute(1, 2, 0), hole[0, 0].clone(), crops)
    return completed


def complete_at_once(
    model: InpaintingModule, image: Tensor, hole: Tensor, strategy: Strategy, notify: Callable[[str], None]
) -> Tensor:
    """Fill a picture, or one crop of it; as ``complete``, without the crops of ``auto`` and ``crop``."""
    paint: Painter = partial(complete_tensor, model)
    if model.blind:
        return with_less_memory(paint, model, image, hole, notify)
    if not hole.any():
        return image.clone()
    if strategy == "tiles":
        paint = partial(fill_tiles, paint, side=tile_side(model))
    if strategy == "auto" and model.trained_size:
        paint = partial(fill_large, paint, tile_side(model), notify)
    if strategy in ("auto", "two_scale"):
        scales = plan.count_scales(width_of(hole[0, 0].cpu().numpy()), model.trained_size)
        near = max(plan.NEAREST, (model.trained_size or 0) // 2)
        paint = partial(fill_scales, paint, scales=scales if strategy == "auto" else max(2, scales), near=near)
    return with_less_memory(paint, model, image, hole, notify)


def fill_large(paint: Painter, side: int, notify: Callable[[str], None], image: Tensor, hole: Tensor) -> Tensor:
    """Paint at once what is small enough, and by tiles what is not."""
    height, width = image.shape[-2:]
    if height * width <= plan.AT_ONCE:
        return paint(image, hole)
    notify(f"{width}x{height} px by tiles of {side} px")
    return fill_tiles(paint, image, hole, side)


def tile_side(model: InpaintingModule) -> int:
    """Return the side of a tile in pixels, a multiple of what the network needs."""
    side = max(plan.TILE, model.trained_size or 0)
    return -(-side // model.divisor) * model.divisor


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
