"""Picture files, whoever made them: opened from a list of formats, regular files only, and turned upright.

Free of torch.
"""

import contextlib
import functools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from inpaintlab.basics.errors import UserError

FORMATS = ("AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""What a file may be; PIL knows more, among them formats that call other programs. JPEG includes a phone's MPO."""
SUFFIXES = frozenset(
    [".apng", ".avif", ".bmp", ".dib", ".gif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jpg_large", ".mpo",
     ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"]
)  # fmt: skip
"""File names that are taken for pictures, in lower case."""
OTHER_SUFFIXES = frozenset(
    [".arw", ".cr2", ".cr3", ".dng", ".exr", ".hdr", ".heic", ".heif", ".jxl", ".nef", ".orf", ".psd", ".raf", ".raw",
     ".rw2", ".svg"]
)  # fmt: skip
"""File names of pictures that cannot be read here."""
PAGED = frozenset([".apng", ".avif", ".gif", ".mpo", ".tif", ".tiff", ".webp"])
"""File names of which several pages or frames are usual."""
DECODE_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, TypeError, LookupError, ArithmeticError, SystemError,
    Image.DecompressionBombError,
)  # fmt: skip
"""What PIL raises for files that are broken, truncated, foreign or too large (Image.MAX_IMAGE_PIXELS twice over)."""
ORIENTATION = 0x0112
"""EXIF's tag for how the camera was held."""
ORIENTATION_NOTES = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp", "raw_xmp")
"""Where PIL's pictures keep it; it does not hold any more for what has been turned."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def unreadable(name: str | Path, error: Exception) -> UserError:
    """Turn what PIL raised into the message that names the file and the reason."""
    reason = "no picture format that is read here" if isinstance(error, UnidentifiedImageError) else str(error)
    return UserError(f"{name}: unreadable picture ({reason}); repair or remove the file")


@functools.cache
def list_formats() -> list[str]:
    """Return those of ``FORMATS`` that this PIL can read; older ones lack AVIF."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def open_image(path: str | Path) -> Image.Image:
    """Open a picture without decoding it. What is no regular file, or none of ``FORMATS``, raises ``UserError``."""
    if not Path(path).is_file():  # a pipe would be waited for, for ever
        raise UserError(f"{path}: no regular file; expected a picture")
    return open_stream(path, path)


def open_stream(source: str | Path | BinaryIO, name: str | Path) -> Image.Image:
    """Open a picture that may lie in memory; ``name`` is what a message calls it."""
    try:
        return Image.open(source, formats=list_formats())
    except DECODE_ERRORS as error:
        raise unreadable(name, error) from error


def turn_upright(image: Image.Image) -> Image.Image:
    """Decode a picture and turn it as its EXIF says; an EXIF that cannot be read leaves it as it lies.

    PIL's own ``exif_transpose`` also writes the EXIF again, and fails where an entry is odd; pixels need no such entry.
    """
    with _unmapped(image):
        image.load()  # TIFF is turned here, and then says so
    turn = TURNS.get(orientation_of(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    for note in ORIENTATION_NOTES:
        turned.info.pop(note, None)
    return turned


@contextlib.contextmanager
def _unmapped(image: Image.Image) -> Iterator[None]:
    """Let PIL decode the file, where it would map it into memory if it knew its name.

    It maps a TIFF by the sides that the picture has once it is turned, which mixes up the rows of one that lies on its
    side.
    """
    if not isinstance(image, ImageFile):  # made in memory
        yield
        return
    name, image.filename = image.filename, ""
    try:
        yield
    finally:
        image.filename = name


def orientation_of(image: Image.Image) -> int:
    """Return EXIF's number of the orientation, 1 to 8; 1 where there is none or none that can be read."""
    with contextlib.suppress(*DECODE_ERRORS):
        value = image.getexif().get(ORIENTATION, 1)
        return value if value in TURNS else 1
    return 1


def count_frames(image: Image.Image) -> int:
    """Return the number of pages or frames of a file; a damaged list of them counts as one."""
    try:
        return int(getattr(image, "n_frames", 1))
    except DECODE_ERRORS:
        return 1
