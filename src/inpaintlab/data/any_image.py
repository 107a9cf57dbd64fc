"""Pictures and holes as callers have them, PIL, NumPy or torch, to tensors and back in the same type, size and mode."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inpaintlab.basics.errors import UserError

Picture = Image.Image | np.ndarray | Tensor
"""What a caller may give and gets back."""
AnyPicture = TypeVar("AnyPicture", Image.Image, np.ndarray, Tensor)
COLOURS = {"L": 1, "LA": 1, "RGB": 3, "RGBA": 3}
"""PIL's modes, and how many of their channels are colours; the other one is alpha."""
LARGEST = {"uint8": 255, "uint16": 65535, "float16": 1, "float32": 1, "float64": 1}
"""The value of full brightness by the type of the numbers."""


@dataclass(frozen=True)
class Opened:
    """A picture as tensors, and the way back."""

    image: Tensor
    """(B, C, H, W) float in [0, 1], C 1 or 3."""
    close: Callable[[Tensor, Tensor | None], Any]
    """Map completed (B, C, H, W) and hole (B, 1, H, W) bool to the caller's type; elsewhere its own values stay.

    What was filled is opaque. None: everything is new, and alpha stays.
    """


def open_picture(picture: Any) -> Opened:
    """Take a picture of any of the three types.

    PIL of mode L, LA, RGB or RGBA; NumPy (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), the fourth channel alpha; torch
    (C, H, W) or (B, C, H, W). Numbers are uint8, uint16 (not torch), or floats from 0 to 1.
    """
    if isinstance(picture, Image.Image):
        return _open_pil(picture)
    if isinstance(picture, np.ndarray):
        return _open_array(picture)
    if isinstance(picture, Tensor):
        return _open_tensor(picture)
    raise UserError(f"image: expected a PIL image, a NumPy array or a torch tensor, got {type(picture).__name__}")


def open_hole(hole: Any, image: Tensor) -> Tensor:
    """Take a hole of the picture's size: (B, 1, H, W) bool on its device, True where it is to be filled.

    PIL of mode 1 or L, white being the hole; NumPy (H, W) or (H, W, 1); torch (H, W), (1, H, W) or (B, 1, H, W). Values
    are bool, 0 and 1, or 0 and 255.
    """
    if isinstance(hole, Image.Image):
        if hole.mode not in ("1", "L"):
            raise UserError(f"hole: expected a picture of mode 1 or L, white where it is to be filled, got {hole.mode}")
        hole = np.asarray(hole)
    if isinstance(hole, np.ndarray):
        hole = torch.from_numpy(np.array(hole[..., 0] if hole.ndim == 3 else hole))
    if not isinstance(hole, Tensor):
        raise UserError(f"hole: expected a PIL image, a NumPy array or a torch tensor, got {type(hole).__name__}")
    batch, _, height, width = image.shape
    flat = hole.reshape(1, 1, *hole.shape) if hole.ndim == 2 else hole[None] if hole.ndim == 3 else hole
    if flat.shape not in ((1, 1, height, width), (batch, 1, height, width)):
        raise UserError(f"hole: expected the picture's size {height}x{width}, got the shape {tuple(hole.shape)}")
    there = flat != 0
    if flat.dtype != torch.bool:
        high = flat.max()
        if not (high in (0, 1, 255) and ((flat == 0) | (flat == high)).all()):
            raise UserError("hole: expected two values, 0 where the picture is known, 1 or 255 (or True) in the hole")
    return there.to(image.device).expand(batch, -1, -1, -1)


def _open_pil(picture: Image.Image) -> Opened:
    if picture.mode not in COLOURS:
        raise UserError(
            f"image: a picture of mode {picture.mode} cannot take filled colours without a change of the known ones; "
            "give picture.convert('RGB') or 'L'"
        )
    inner = _open_array(np.asarray(picture))

    def close(completed: Tensor, hole: Tensor | None) -> Image.Image:
        filled = Image.fromarray(inner.close(completed, hole))
        filled.info = dict(picture.info)  # EXIF, colour profile
        return filled

    return Opened(inner.image, close)


def _open_array(picture: np.ndarray) -> Opened:
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (1, 2, 3, 4)) or not picture.size:
        raise UserError(f"image: expected an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {picture.shape}")
    pixels = picture[..., None] if picture.ndim == 2 else picture
    colours = pixels.shape[2] - (pixels.shape[2] in (2, 4))
    largest = _largest(str(picture.dtype))
    values = torch.from_numpy(pixels[..., :colours].astype(np.float64 if largest > 255 else np.float32))
    image = _checked(values.permute(2, 0, 1)[None] / largest)

    def close(completed: Tensor, hole: Tensor | None) -> np.ndarray:
        answer = pixels.copy()
        new = _scaled(completed[0].permute(1, 2, 0), largest).cpu().numpy().astype(picture.dtype)
        here = np.ones(pixels.shape[:2], bool) if hole is None else hole[0, 0].cpu().numpy()
        answer[..., :colours][here] = new[here]
        if hole is not None:
            answer[..., colours:][here] = largest
        return answer.reshape(picture.shape)

    return Opened(image.float(), close)


def _open_tensor(picture: Tensor) -> Opened:
    if picture.ndim not in (3, 4) or picture.shape[-3] not in (1, 3) or not picture.numel():
        raise UserError(f"image: expected a tensor ([B,] 1 or 3, H, W), got {tuple(picture.shape)}")
    largest = _largest(str(picture.dtype).removeprefix("torch."))
    batch = picture if picture.ndim == 4 else picture[None]
    image = _checked(batch.float() / largest)

    def close(completed: Tensor, hole: Tensor | None) -> Tensor:
        new = _scaled(completed.to(picture.device), largest).to(picture.dtype)
        return (new if hole is None else torch.where(hole.to(picture.device), new, batch)).reshape(picture.shape)

    return Opened(image, close)


def _largest(dtype: str) -> int:
    if dtype not in LARGEST:
        raise UserError(f"image: numbers of type {dtype}; expected one of {', '.join(LARGEST)}")
    return LARGEST[dtype]


def _scaled(values: Tensor, largest: int) -> Tensor:
    """Give numbers in [0, 1] the range of the picture's own, rounded where those are whole."""
    values = values.detach().clamp(0, 1)
    return values if largest == 1 else values.double().mul(largest).round()


def _checked(image: Tensor) -> Tensor:
    low, high = image.aminmax()
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise UserError(f"image: expected floats from 0 to 1, got {low:.4g} to {high:.4g}")
    return image
