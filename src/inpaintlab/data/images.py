"""From a picture file of any kind to 8-bit RGB or grey, and on to a tensor.

Free of torch until a tensor is asked for: the check at start decodes pictures before torch has been imported.
"""

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inpaintlab.basics.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = frozenset(
    [".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"]
)
"""File names that are taken for pictures, in lower case."""
DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)
"""What PIL raises for files that are broken, truncated, foreign or too large (Image.MAX_IMAGE_PIXELS twice over)."""


def unreadable(name: str | Path, error: Exception) -> UserError:
    """Turn what PIL raised into the message that names the file and the reason."""
    reason = "no picture format that PIL knows" if isinstance(error, UnidentifiedImageError) else str(error)
    return UserError(f"{name}: unreadable picture ({reason}); repair or remove the file")


def open_image(path: str | Path) -> Image.Image:
    """Open a picture without decoding it; ``decode`` does the rest. A foreign file raises ``UserError``."""
    try:
        return Image.open(path)
    except DECODE_ERRORS as error:
        raise unreadable(path, error) from error


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
        image = ImageOps.exif_transpose(image)
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
    """Turn an 8-bit RGB or grey picture into (3 or 1, H, W) float32 in [0, 1]."""
    import torch  # here, because it takes seconds and the check at start must not

    pixels = np.array(image)
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).float().div(255)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float grey to 8 bits; PIL's own ``convert`` would clip them at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    pixels = np.asarray(image).astype(np.float64)
    top = 1.0 if image.mode == "F" else 65535.0
    if not (pixels.min() >= 0 and pixels.max() <= top):  # written so that NaN fails too
        raise ValueError(f"mode {image.mode} with values outside 0..{top:g}")
    return Image.fromarray(np.rint(pixels * (255 / top)).astype(np.uint8))
