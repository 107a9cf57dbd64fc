"""How the paintings get better in the course of training (Fig. 10), as one picture.

    python experiments/figures/context_encoder_strip.py <run>/samples strip.png every=1

A row is a picture: corrupted, completed after more and more iterations, truth. It is cut out of the grids that a run
writes at its validations; every n epochs with ``trainer.check_val_every_n_epoch=n trainer.val_check_interval=null``.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_png
from inpaintlab.basics.messages import report_errors

COLUMNS = ("corrupted", "prediction", "completed", "truth", "error")
"""Of a grid, all of the same width."""
HEADER = 16
"""Height in pixels of the line with the iterations."""


def strip(samples: Path, every: int = 1) -> Image.Image:
    """Join every n-th grid ``<iteration>.png`` of the folder, counted from the first, and always the last."""
    grids = sorted(path for path in samples.glob("*.png") if path.stem.isdigit())
    if not grids:
        raise UserError(f"{samples.absolute()}: no sample pictures; expected the folder samples of a training run")
    if every < 1:
        raise UserError(f"every={every}: expected at least 1")
    chosen = grids[::every]
    if chosen[-1] != grids[-1]:
        chosen.append(grids[-1])
    columns = [("", column(grids[-1], "corrupted"))]
    columns += [(str(int(path.stem)), column(path, "completed")) for path in chosen]
    columns += [("", column(grids[-1], "truth"))]
    if len({picture.size for _, picture in columns}) > 1:
        raise UserError(f"{samples.absolute()}: grids of different sizes; expected those of one run")
    width, height = columns[0][1].size
    joined = Image.new("RGB", (len(columns) * width, HEADER + height), "white")
    for place, (title, picture) in enumerate(columns):
        ImageDraw.Draw(joined).text((place * width + 1, 2), title, fill="black")
        joined.paste(picture, (place * width, HEADER))
    return joined


def column(grid: Path, name: str) -> Image.Image:
    """Cut one column out of a grid, with its title."""
    with Image.open(grid) as picture:
        width, place = picture.width // len(COLUMNS), COLUMNS.index(name)
        return picture.crop((place * width, 0, (place + 1) * width, picture.height)).convert("RGB")


@report_errors
def main(words: list[str]) -> None:
    """Write the strip."""
    places = [word for word in words if "=" not in word]
    options = dict(word.split("=", 1) for word in words if "=" in word)
    every = options.pop("every", "1")
    if len(places) != 2 or options or not every.isdecimal():
        raise UserError("expected <folder of samples> <strip.png> [every=<n>], got: " + (" ".join(words) or "nothing"))
    target = Path(places[1])
    picture = strip(Path(places[0]), int(every))
    write_png(target, picture)
    print(target)


if __name__ == "__main__":
    main(sys.argv[1:])
