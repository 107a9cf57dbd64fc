"""Pictures and masks as a browser sends them, and the files that it gets. Free of torch."""

import io
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import DECODE_ERRORS, open_image, open_stream, turn_upright, unreadable
from inpaintlab.data.picture_files import WRITERS, PictureFile, read_picture, write_picture

QUALITY = 95
"""Of JPEG and WebP, as ``predict`` has it."""
LONGEST = 200
"""Bytes of a name: systems take 255, and the names of results and test cases have more behind it."""


@dataclass
class Open:
    """A picture that is open in the page."""

    name: str
    """As the file is called."""
    source: PictureFile
    truth: np.ndarray | None = None
    """Of the size of ``source.pixels``."""

    @property
    def size(self) -> tuple[int, int]:
        """Return (height, width)."""
        height, width = self.source.pixels.shape[:2]
        return height, width


def open_upload(body: bytes, name: str, megapixels: float) -> Open:
    """Read a picture file that was sent, upright; ``UserError`` for what is none, or too large."""
    name = clean_name(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(body)
        try:
            return open_file(path, megapixels)
        except UserError as error:
            raise UserError(str(error).replace(str(path), name)) from error


def open_file(path: Path, megapixels: float) -> Open:
    """Read a picture file, upright; its size is looked at before its pixels are."""
    width, height = open_image(path).size
    if width * height > megapixels * 1e6:
        raise UserError(
            f"{path.name}: {width}x{height} px are {width * height / 1e6:.1f} megapixels, more than {megapixels:g}; "
            "make it smaller, or start the page with a larger megapixels="
        )
    return Open(path.name, read_picture(path))


def clean_name(name: str) -> str:
    """Return a file name that is no path, hidden or odd; ``picture`` where nothing is left of it."""
    bare = re.sub(r"[\x00-\x1f\x7f<>:\"|?*]", "", re.split(r"[\\/]", name)[-1])
    return bare.encode("utf-8", "ignore")[-LONGEST:].decode("utf-8", "ignore").lstrip(". ") or "picture"


def read_mask(body: bytes, size: tuple[int, int]) -> np.ndarray:
    """Read a mask that was sent: (H, W) bool, True where it is brighter than 127; ``UserError`` for another size."""
    opened = open_stream(io.BytesIO(body), "mask")
    if opened.size != size[::-1]:
        raise UserError(
            f"mask: {opened.size[0]}x{opened.size[1]} px, but the picture has {size[1]}x{size[0]}; "
            "give a mask of the picture's size"
        )
    try:
        return np.asarray(turn_upright(opened).convert("L")) > 127
    except DECODE_ERRORS as error:
        raise unreadable("mask", error) from error


def match_truth(truth: PictureFile, opened: Open) -> np.ndarray:
    """Return the truth's pixels in the picture's channels; ``UserError`` for another size."""
    if truth.pixels.shape[:2] != opened.size:
        height, width = truth.pixels.shape[:2]
        raise UserError(
            f"truth: {width}x{height} px, but the picture has {opened.size[1]}x{opened.size[0]}; "
            "give the same picture without the hole"
        )
    channels = opened.source.pixels.shape[2]
    if truth.pixels.shape[2] == channels:
        return truth.pixels
    if channels == 3:
        return np.repeat(truth.pixels, 3, axis=2)
    return np.asarray(Image.fromarray(truth.pixels).convert("L"))[..., None]


def filled(opened: Open, pixels: np.ndarray, hole: np.ndarray | None) -> Open:
    """Return a result as a picture: all else is that of the picture it was made of, and what was filled is opaque."""
    alpha = opened.source.alpha
    if alpha is not None and hole is not None:
        alpha = np.where(hole, 255, alpha).astype(np.uint8)
    return Open(opened.name, replace(opened.source, pixels=pixels, alpha=alpha, notices=()), opened.truth)


def as_file(opened: Open) -> bytes:
    """Return the file that ``inpaintlab predict output_format=same`` would write."""
    kind = opened.source.kind
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"picture{WRITERS[kind][1]}")
        write_picture(path, opened.source.pixels, opened.source, opened.source.alpha, kind, QUALITY)
        return path.read_bytes()


def file_name(opened: Open, model: str) -> str:
    """Name a result's file after its picture and its model, with the ending of its format."""
    path, kind = Path(opened.name), opened.source.kind
    keeps = path.suffix and kind != "png"
    ending = path.suffix if keeps or path.suffix.lower() == ".png" else WRITERS[kind][1]
    return f"{path.stem}-{model.replace('/', '-')}{ending}"


def as_png(pixels: np.ndarray, alpha: np.ndarray | None = None) -> bytes:
    """Return (H, W, 1 or 3) uint8 as a PNG that is quick to write, for the page to show."""
    if alpha is not None:
        pixels = np.concatenate([pixels, alpha[..., None]], axis=2)
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
