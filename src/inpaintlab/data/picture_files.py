"""A picture file as ``predict`` sees it: pixels to fill, and all else that the result must keep.

Free of torch.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file
from inpaintlab.basics.pictures import (
    DECODE_ERRORS,
    ORIENTATION,
    count_frames,
    open_image,
    turn_upright,
    unreadable,
)
from inpaintlab.data.images import decode

OutputFormat = Literal["same", "png", "jpg", "webp", "tiff"]
WRITERS = {"png": ("PNG", ".png"), "jpg": ("JPEG", ".jpg"), "webp": ("WEBP", ".webp"), "tiff": ("TIFF", ".tif")}
"""PIL's name and the ending of each output format."""
SAME = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp", "TIFF": "tiff"}
"""What ``same`` is for a file of PIL's format; of any other it is PNG."""


@dataclass(frozen=True)
class PictureFile:
    """An upright 8-bit picture and what goes with it."""

    pixels: np.ndarray
    """(H, W, 3) uint8, or (H, W, 1) for a grey picture; of a transparent one the colours without the transparency."""
    alpha: np.ndarray | None
    """(H, W) uint8, 255 = opaque; None without transparency."""
    exif: bytes | None
    """Without orientation, since the pixels are upright; None where there is none, or none that can be written."""
    icc: bytes | None
    """Colour profile, where it still fits the pixels."""
    dpi: tuple[float, float] | None
    kind: str
    """The file's own format as ``output_format`` calls it; png for those that are not written."""
    notices: tuple[str, ...]
    """What the reader of the result should know."""


def read_picture(path: Path) -> PictureFile:
    """Read a picture of any kind, grey as grey; ``UserError`` if its pixels cannot be read."""
    opened = open_image(path)
    deep = opened.mode.startswith(("I", "F")) or any(";16" in str(tile[3]) for tile in getattr(opened, "tile", []))
    frames = count_frames(opened)
    try:
        image = turn_upright(opened)
        alpha = None
        if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
            rgba = image.convert("RGBA")
            alpha = np.array(rgba.getchannel("A"))
            image = rgba.convert("L" if opened.mode in ("L", "LA") else "RGB")
        grey = image.mode in ("1", "L") or image.mode.startswith(("I", "F"))
        upright = decode(image, 1 if grey else 3, path)
    except DECODE_ERRORS as error:
        raise unreadable(path, error) from error
    exif, lost = writable_exif(opened)
    notices = []
    if deep:
        notices.append(f"{path.name}: has more than 8 bits per channel; read and written as 8 bits")
    if frames > 1:
        notices.append(f"{path.name}: {frames} pages or frames, the first is filled")
    if lost:
        notices.append(f"{path.name}: its EXIF cannot be written again ({lost}) and is left out")
    pixels = np.array(upright).reshape(upright.height, upright.width, -1)
    profile_fits = opened.mode not in ("CMYK", "YCbCr", "LAB", "HSV")
    return PictureFile(
        pixels=pixels,
        alpha=alpha,
        exif=exif,
        icc=opened.info.get("icc_profile") if profile_fits else None,
        dpi=read_dpi(opened),
        kind=SAME.get(opened.format or "", "png"),
        notices=tuple(notices),
    )


def writable_exif(image: Image.Image) -> tuple[bytes | None, str]:
    """Return the EXIF without orientation as bytes, None where there is none; and why it cannot be written, or ""."""
    try:
        exif = image.getexif()
        exif.pop(ORIENTATION, None)
        return (exif.tobytes() if len(exif) else None), ""
    except (*DECODE_ERRORS, AttributeError) as error:
        return None, str(error) or type(error).__name__


def read_dpi(image: Image.Image) -> tuple[float, float] | None:
    """Return the dots per inch that a file tells, if they are numbers that a file can hold."""
    try:
        horizontal, vertical = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (horizontal, vertical) if 0 < horizontal < 65536 and 0 < vertical < 65536 else None


def write_picture(
    path: Path, pixels: np.ndarray, source: PictureFile, alpha: np.ndarray | None, kind: str = "png", quality: int = 95
) -> list[str]:
    """Write (H, W, 3 or 1) uint8 with what belongs to ``source``; the file is whole or absent. Return what was lost.

    ``kind``: a key of ``WRITERS``; ``quality`` is that of JPEG and WebP, 1 to 100.
    """
    notices = []
    if alpha is not None and kind == "jpg":
        notices.append(f"{path.name}: JPEG has no transparency; it is left out")
        alpha = None
    if alpha is not None:
        pixels = np.concatenate([pixels, alpha[..., None]], axis=2)
    image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)  # 2 channels are LA, 4 RGBA
    options: dict[str, Any] = {"icc_profile": source.icc}
    if source.exif is not None:
        options["exif"] = source.exif
    if source.dpi is not None:
        options["dpi"] = source.dpi
    if kind in ("jpg", "webp"):
        options["quality"] = quality
    if kind == "jpg":
        options["subsampling"] = 0  # known pixels stay as near as JPEG lets them
    try:
        write_file(path, lambda temporary: image.save(temporary, format=WRITERS[kind][0], **options))
    except (ValueError, TypeError, struct.error, SystemError) as error:
        raise UserError(f"{path}: cannot be written as {kind} ({error}); choose another output_format") from error
    return notices
