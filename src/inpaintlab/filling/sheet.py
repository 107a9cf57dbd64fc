"""Several fills of one picture on one sheet: original, hole in red, each model's with its name and seconds."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LABEL = 22
"""Height of the line above each picture, in pixels."""
GAP = 8
LONGEST = 1200
"""A larger picture is shown at this length of its longer side; small ones are enlarged, pixel by pixel, to 256."""


def red_hole(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8 with the hole (H, W) bool in red, the picture shining through a little."""
    colour = np.repeat(pixels, 3 // pixels.shape[2], axis=2)
    colour[hole] = 0.35 * colour[hole] + 0.65 * np.array([255, 0, 0])
    return colour


def compose_sheet(panels: Sequence[tuple[str, np.ndarray]]) -> Image.Image:
    """Lay out (label, (H, W, 1 or 3) uint8) in rows that make the sheet about as wide as it is high."""
    images = [_at_size(Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)) for _, pixels in panels]
    width, height = images[0].size
    columns = max(1, min(len(panels), round((len(panels) * (height + LABEL) / width) ** 0.5)))
    rows = -(-len(panels) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + LABEL + GAP) + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for number, ((label, _), image) in enumerate(zip(panels, images, strict=True)):
        left = GAP + number % columns * (width + GAP)
        top = GAP + number // columns * (height + LABEL + GAP)
        pen.text((left, top), label, "black", font)
        sheet.paste(image.convert("RGB"), (left, top + LABEL))
    return sheet


def row(panels: Sequence[tuple[str, np.ndarray]]) -> Image.Image:
    """Lay pictures of one size beside each other."""
    colours = [np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels for _, pixels in panels]
    return Image.fromarray(np.concatenate(colours, axis=1))


def _at_size(image: Image.Image) -> Image.Image:
    longer = max(image.size)
    if longer > LONGEST:
        factor = LONGEST / longer
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        return image.resize(size, Image.Resampling.LANCZOS)
    if longer < 256:
        factor = -(-256 // longer)
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    return image
