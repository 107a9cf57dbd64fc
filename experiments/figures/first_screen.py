"""The picture of the README: photographs with drawn holes, and the fills of several models, each with its PSNR.

    python experiments/figures/first_screen.py docs/fills.webp models=telea,biharmonic,patchmatch seed=2

A model is what ``inpaintlab.load`` takes. The photographs are those of scikit-image's wheel that anybody may publish:
the astronaut (NASA, public domain), the cat and the cup of coffee (CC0).
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from hydra.utils import instantiate
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors
from inpaintlab.filling.sheet import red_hole
from inpaintlab.masks.base import MaskMaker

GAP, LABEL = 6, 18
"""Pixels between two pictures, and for the line above each."""


class Scene(NamedTuple):
    """A photograph of skimage.data, the square (left, top, side) that is shown of it, and words for its hole."""

    photograph: str
    window: tuple[int, int, int]
    mask: tuple[str, ...]


SCENES = (
    Scene("astronaut", (60, 0, 300), ("mask=free_form", "mask.box=null", "mask.width=[10,18]", "mask.ratio=[0.1,0.2]")),
    Scene("chelsea", (90, 0, 300), ("mask=irregular", "mask.ratio=[0.2,0.3]")),
    Scene("coffee", (120, 0, 400), ("mask=text", "mask.points=[20,34]")),
)


def draw_scene(scene: Scene, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture (side, side, 3) uint8 and its hole (side, side) bool."""
    left, top, length = scene.window
    photograph = Image.fromarray(getattr(data, scene.photograph)())
    window = photograph.crop((left, top, left + length, top + length))
    maker: MaskMaker = instantiate(inpaintlab.compose(*scene.mask, verb="masks").mask, _convert_="all")
    known = maker.for_split("test")((side, side), torch.Generator().manual_seed(seed))
    return np.asarray(window.resize((side, side), Image.Resampling.LANCZOS)), known[0].numpy() == 0


def draw_row(scene: Scene, models: dict[str, inpaintlab.InpaintingModule], side: int, seed: int) -> list:
    """Return (label, picture) of the hole, each model's fill and the original."""
    truth, hole = draw_scene(scene, side, seed)
    panels = [(f"hole, {hole.mean():.0%}", Image.fromarray(red_hole(truth, hole)))]
    for name, model in models.items():
        filled = inpaintlab.fill(model, truth, hole)
        psnr = inpaintlab.score(filled, truth, hole, measures=("psnr",))["hole"]["psnr"]
        panels.append((f"{name}, {psnr:.1f} dB", Image.fromarray(filled)))
    return [*panels, ("original", Image.fromarray(truth))]


def join(rows: Sequence[Sequence[tuple[str, Image.Image]]], side: int) -> Image.Image:
    """Lay out rows of labelled pictures on white."""
    step = (side + GAP, side + LABEL + GAP)
    sheet = Image.new("RGB", (len(rows[0]) * step[0] - GAP, len(rows) * step[1] - GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=13)
    for row, panels in enumerate(rows):
        for column, (label, picture) in enumerate(panels):
            corner = column * step[0], row * step[1]
            pen.text(corner, label, "black", font)
            sheet.paste(picture, (corner[0], corner[1] + LABEL))
    return sheet


@report_errors
def main(words: list[str]) -> None:
    """Write the picture."""
    places = [word for word in words if "=" not in word]
    options = {"models": "telea,biharmonic,patchmatch", "side": "192", "seed": "2"}
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if len(places) != 1 or set(given) - set(options):
        raise UserError("first_screen.py: expected <picture> [models=telea,<checkpoint>] [side=192] [seed=2]")
    options |= given
    names = options["models"].split(",")
    models = {Path(name).stem if Path(name).is_file() else name: inpaintlab.load(name) for name in names}
    side, seed = int(options["side"]), int(options["seed"])
    join([draw_row(scene, models, side, seed) for scene in SCENES], side).save(places[0], quality=90, method=6)


if __name__ == "__main__":
    main(sys.argv[1:])
