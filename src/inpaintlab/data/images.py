"""From a picture file of any kind to 8-bit RGB or grey, and on to a tensor.

Free of torch until a tensor is asked for: the check at start decodes pictures before torch has been imported.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inpaintlab.basics.pictures import DECODE_ERRORS, open_image, turn_upright, unreadable

if TYPE_CHECKING:
    from torch import Tensor


def decode(image: Image.Image, channels: int, name: str | Path, shorter: int | None = None) -> Image.Image:
    """Return the picture upright, as 8-bit RGB (``channels`` 3) or grey (1, the luma of BT.601).

    16 bits are scaled by 1/257, floats must lie in [0, 1], transparency is laid over white, EXIF orientation is
    applied, colour profiles are ignored, and of an animation the first frame counts. With ``shorter`` a JPEG may be
    decoded at 1/2, 1/4 or 1/8 of its size, as long as its shorter side keeps that many pixels: much faster.
    ``name`` is what the ``UserError`` for a broken file names.
    """
    try:
        if shorter is not None:
            image.draft(None, (shorter, shorter))
        image = turn_upright(image)
        image = _eight_bit(image)
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return image.convert("RGB" if channels == 3 else "L")
    except DECODE_ERRORS as error:
        raise unreadable(name, error) from error


def read_image(path: str | Path, channels: int) -> Image.Image:
    """Read a picture file as 8-bit RGB (``channels`` 3) or grey (1); see ``decode``."""
    return decode(open_image(path), channels, path)


def to_tensor(image: Image.Image) -> "Tensor":
    """Turn an 8-bit RGB or grey picture into (3 or 1, H, W) float32 in [0, 1], contiguous."""
    import torch  # here, because it takes seconds and the check at start must not

    pixels = np.asarray(image)
    planes = pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1)
    # Channel by channel from here on: the check of a sample and the batch's stacking are slow on channels side by side.
    return torch.from_numpy(np.divide(planes, np.float32(255), dtype=np.float32, order="C"))


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float grey to 8 bits; PIL's own ``convert`` would clip them at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    pixels = np.asarray(image).astype(np.float64)
    top = 1.0 if image.mode == "F" else 65535.0
    if not (pixels.min() >= 0 and pixels.max() <= top):  # written so that NaN fails too
        raise ValueError(f"mode {image.mode} with values outside 0..{top:g}")
    return Image.fromarray(np.rint(pixels * (255 / top)).astype(np.uint8))
