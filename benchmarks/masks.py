"""Masks at 256 px: the guarantee over many draws of every maker, and the time of one against LaMa's and a JPEG's.

    python benchmarks/masks.py [draws of each maker, default 1000] [maker ...]

Every bucket and border rule that a maker can meet gets its part of the draws. Times are of this process on one core;
ratios are medians over rounds in which the maker and what it is compared with take turns: LaMa's training masks, which
promise nothing (mask=lama); decoding a JPEG of 512 px (scikit-image's astronaut, quality 90) with PIL; and reading it,
which is decoding and resizing it to 256 px, bilinear.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

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
        "text by ratio": (Text(ratio=(0.01, 0.6)), Text, ALL),
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


def compare(task: Callable[[], Any], against: dict[str, Callable[[], Any]], rounds: int = 15) -> tuple[float, dict]:
    """Return the median milliseconds of a task, and {name: median of its multiple of another}."""
    for _ in range(50):  # text draws its pages once
        task()
    taken = [[milliseconds(one, calls) for one, calls in ((task, 40), *((other, 20) for other in against.values()))]
             for _ in range(rounds)]  # fmt: skip
    times = np.array(taken)
    ratios = np.median(times[:, :1] / times[:, 1:], axis=0)
    return float(np.median(times[:, 0])), dict(zip(against, ratios.tolist(), strict=True))


def milliseconds(task: Callable[[], Any], calls: int) -> float:
    """Return the mean processor time of one call."""
    begin = time.process_time()
    for _ in range(calls):
        task()
    return (time.process_time() - begin) / calls * 1e3


def main():
    torch.set_num_threads(1)
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chosen = sys.argv[2:]
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=90)
    jpeg, strokes, generator = file.getvalue(), LaMaMasks().for_split("train"), Generator().manual_seed(0)

    def decode():
        return Image.open(io.BytesIO(jpeg)).convert("RGB")

    against = {
        "LaMa": lambda: strokes(SIZE, generator),
        "decoding": decode,
        "reading": lambda: decode().resize(SIZE, Image.Resampling.BILINEAR),
    }
    with tempfile.TemporaryDirectory() as folder:
        write_masks(Path(folder))
        for name, (maker, build, rules) in makers(Path(folder)).items():
            if chosen and name not in chosen:
                continue
            spent, ratios = compare(partial(maker, SIZE, generator), against)
            told = ", ".join(f"{ratio:5.2f} x {other}" for other, ratio in ratios.items())
            print(f"{name:17} {spent:6.3f} ms = {told}", end="; ", flush=True)
            drawn = verify(build, rules, draws)
            print(f"{drawn} draws under {len(rules)} rules, none outside", flush=True)


if __name__ == "__main__":
    main()
