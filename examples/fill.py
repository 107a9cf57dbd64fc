"""Fill the hole of one picture.

    python examples/fill.py photo.jpg hole.png filled.png [telea | last.ckpt]

The hole is white. Without words: a photograph that comes along, with a bar across it.
"""

import sys

from PIL import Image, ImageDraw
from skimage.data import astronaut

import inpaintlab


def main(words: list[str]) -> Image.Image:
    """Fill, write, and return the picture."""
    photo, hole, target, name = (*words, *["", "", "filled.png", "telea"][len(words) :])
    picture = Image.open(photo) if photo else Image.fromarray(astronaut()).resize((256, 256))
    where = Image.open(hole) if hole else Image.new("1", picture.size)
    if not hole:
        ImageDraw.Draw(where).line([(20, 60), (236, 190)], fill=1, width=9)
    model = inpaintlab.load(name)
    filled = inpaintlab.fill(model, picture, where)
    filled.save(target)
    print(f"{type(model).__name__} filled {target}, {filled.width}x{filled.height} px, mode {filled.mode}")
    return filled


if __name__ == "__main__":
    main(sys.argv[1:])
