"""A picture file as ``predict`` sees it: pixels to fill, and all else that the result must keep."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintlab.basics.files import write_png
from inpaintlab.data.images import DECODE_ERRORS, decode, open_image, unreadable


@dataclass(frozen=True)
class PictureFile:
    """An upright 8-bit picture and what goes with it."""

    pixels: np.ndarray
    """(H, W, 3) uint8, or (H, W, 1) for a grey picture; of a transparent one the colours without the transparency."""
    alpha: np.ndarray | None
    """(H, W) uint8, 255 = opaque; None without transparency."""
    exif: Image.Exif
    """Without orientation, since the pixels are upright."""
    icc: bytes | None
    """Colour profile, where it still fits the pixels."""
    notices: tuple[str, ...]
    """What the reader of the result should know."""


def read_picture(path: Path) -> PictureFile:
    """Read a picture of any kind, grey as grey; ``UserError`` if it is broken."""
    opened = open_image(path)
    deep = opened.mode.startswith(("I", "F")) or any(";16" in str(tile[3]) for tile in getattr(opened, "tile", []))
    try:
        image = ImageOps.exif_transpose(opened)
        alpha = None
        if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
            rgba = image.convert("RGBA")
            alpha = np.array(rgba.getchannel("A"))
            image = rgba.convert("L" if opened.mode in ("L", "LA") else "RGB")
        grey = image.mode in ("1", "L") or image.mode.startswith(("I", "F"))
        upright = decode(image, 1 if grey else 3, path)
    except DECODE_ERRORS as error:
        raise unreadable(path, error) from error
    pixels = np.array(upright).reshape(upright.height, upright.width, -1)
    profile_fits = opened.mode not in ("CMYK", "YCbCr", "LAB", "HSV")
    return PictureFile(
        pixels=pixels,
        alpha=alpha,
        exif=image.getexif(),
        icc=opened.info.get("icc_profile") if profile_fits else None,
        notices=(f"{path.name}: has more than 8 bits per channel; read and written as 8 bits",) if deep else (),
    )


def write_picture(path: Path, pixels: np.ndarray, source: PictureFile, alpha: np.ndarray | None) -> None:
    """Write (H, W, 3 or 1) uint8 as PNG with what belongs to ``source``; the file is whole or absent."""
    if alpha is not None:
        pixels = np.concatenate([pixels, alpha[..., None]], axis=2)
    image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)  # 2 channels are LA, 4 RGBA
    write_png(path, image, exif=source.exif, icc_profile=source.icc)
