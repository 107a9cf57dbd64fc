"""Masks at 256 px: the guarantee over many draws of every maker, and the time of one as a multiple of reading a JPEG.

    python benchmarks/masks.py [draws of each maker, default 1000] [maker ...]

Every bucket and border rule that a maker can meet gets its part of the draws. Reading a JPEG is decoding one of
512 px (scikit-image's astronaut, quality 90) with PIL and resizing it to 256 px, bilinear. All on one core.
"""

import io
import sys
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from torch import Generator

from inpaintlab.masks.augment import Augmentation
from inpaintlab.masks.center import Center
from inpaintlab.masks.files import Files
from inpaintlab.masks.free_form import FreeForm
from inpaintlab.masks.irregular import Irregular
from inpaintlab.masks.lama import LaMaMasks
from inpaintlab.masks.lattice import Lattice
from inpaintlab.masks.mixture import Mixture
from inpaintlab.masks.outpaint import Outpaint
from inpaintlab.masks.pixels import Pixels
from inpaintlab.masks.random_region import RandomRegion
from inpaintlab.masks.rectangle import Rectangle
from inpaintlab.masks.squares import Squares
from inpaintlab.masks.text import Text
from inpaintlab.masks.text_squares import TextSquares

SIZE = (256, 256)
MARGIN = 25  # round(50 / 512 * 256)
BUCKETS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
BORDERS = ("any", "touch", "clear")
ALL = tuple(product(BUCKETS, BORDERS))
FREE = tuple((bucket, border) for bucket, border in ALL if border != "clear")


def mixture(**rule):
    return Mixture(
        makers={"irregular": Irregular(), "squares": Squares()}, weights={"irregular": 2, "squares": 1}, **rule
    )


def makers(folder):
    """Return {name: (maker by its defaults, constructor taking a rule, rules to draw under)}."""
    files = partial(Files, root=str(folder))
    augmented = partial(files, augmentation=Augmentation())
    return {
        "irregular": (Irregular(), Irregular, ALL),
        "squares": (Squares(), Squares, ALL),
        "free_form": (FreeForm(), FreeForm, ALL),
        "text": (Text(), Text, ALL),
        "text_squares": (TextSquares(), TextSquares, ALL),
        "pixels": (Pixels(), partial(Pixels, missing=None), ALL),
        "outpaint": (Outpaint(), partial(Outpaint, share=None), FREE),
        "center": (Center(), Center, (((0.2, 0.3), "any"), ((0.2, 0.3), "clear"))),
        "lattice": (Lattice(), Lattice, (((0.9, 0.95), "any"), ((0.9, 0.95), "touch"))),
        "lama": (LaMaMasks(), LaMaMasks, ALL),
        "rectangle": (Rectangle(), Rectangle, ALL),
        "random_region": (RandomRegion(), partial(RandomRegion, threshold=None), ALL),
        "mixture": (mixture(), mixture, ALL),
        "files": (files(), files, ALL),
        "files, augmented": (augmented(), augmented, FREE),
    }


def write_masks(folder):
    """Write mask files of every bucket and border, for the makers that read."""
    for number, (bucket, border) in enumerate(ALL * 4):
        known = Irregular(ratio=bucket, border=border)(SIZE, Generator().manual_seed(number))
        Image.fromarray(known[0].numpy() == 0).save(folder / f"{number:03}.png")


def verify(build, rules, draws):
    """Draw under every rule and measure each mask here, independently of the package; return the number drawn."""
    drawn = 0
    for number, ((low, high), border) in enumerate(rules):
        maker = build(ratio=(low, high), border=border)
        generator = Generator().manual_seed(number)
        for _ in range(-(-draws // len(rules))):
            known = maker(SIZE, generator)
            assert known.shape == (1, *SIZE)
            assert known.dtype == torch.float32
            hole = known[0].numpy() == 0
            assert np.count_nonzero(hole) + np.count_nonzero(known.numpy() == 1) == hole.size
            assert low < np.count_nonzero(hole) / hole.size <= high
            near = hole.copy()
            near[MARGIN:-MARGIN, MARGIN:-MARGIN] = False
            assert border == "any" or near.any() == (border == "touch")
            drawn += 1
    return drawn


def mean_time(task, least=1.0):
    """Return the mean seconds of one call, over at least ``least`` seconds."""
    for _ in range(50):  # text draws its pages once
        task()
    begin, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - begin) < least:
        task()
        calls += 1
    return spent / calls


def main():
    torch.set_num_threads(1)
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chosen = sys.argv[2:]
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=90)
    jpeg = file.getvalue()

    def read():
        Image.open(io.BytesIO(jpeg)).convert("RGB").resize(SIZE, Image.Resampling.BILINEAR)

    with tempfile.TemporaryDirectory() as folder:
        write_masks(Path(folder))
        for name, (maker, build, rules) in makers(Path(folder)).items():
            if chosen and name not in chosen:
                continue
            generator = Generator().manual_seed(0)
            # Before and after, since other work on the machine slows both.
            before, spent, after = mean_time(read), mean_time(lambda: maker(SIZE, generator)), mean_time(read)  # noqa: B023
            unit = (before + after) / 2
            print(
                f"{name:17} {spent * 1e3:7.3f} ms = {spent / unit:5.2f} x reading a JPEG ({unit * 1e3:.2f} ms)",
                end="; ",
            )
            drawn = verify(build, rules, draws)
            print(f"{drawn} draws under {len(rules)} rules, none outside", flush=True)


if __name__ == "__main__":
    main()
