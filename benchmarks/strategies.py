"""Every strategy of filling on photographs: hole PSNR and SSIM, time against the whole picture at once, seams.

Central squares of photographs with strokes of three widths, filled by every model with every strategy, one after the
other. ``seam``: mean step between neighbours in the hole across the borders of the tiles, over the mean of all other
such steps; a strategy without tiles shows what the same places have at rest. Tiles are small, so that there are many of
them: ``--tile`` pixels, or as many as the model was trained on. Times are processor seconds of one thread; the ratio is
to ``whole`` of the same pictures.

    python benchmarks/strategies.py FOLDER... [--models bundled patchmatch CKPT] [--count 20] [--size 320]
        [--widths 10 40 120] [--tile 128]
"""

import argparse
import time
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps

from inpaintlab.data.location import pictures
from inpaintlab.evaluation.front import score
from inpaintlab.filling import plan, strategy, tiles
from inpaintlab.filling.pixels import complete
from inpaintlab.filling.settings import STRATEGIES
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.loading import load

MEASURES = ("psnr", "ssim")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["bundled", "patchmatch"])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--widths", type=int, nargs="+", default=[10, 40, 120])
    parser.add_argument("--tile", type=int, default=128)
    args = parser.parse_args()
    torch.set_num_threads(1)
    plan.TILE = args.tile
    photographs = read(args.folders, args.count, args.size)
    print(f"{len(photographs)} photographs of {args.size} px, tiles of {args.tile} px")
    print("| model | hole | strategy | PSNR | SSIM | time / whole | seam |\n|---|---|---|---|---|---|---|")
    for name in args.models:
        model = load(name, "cpu")
        for width in args.widths:
            print_rows(f"{Path(name).stem}, {model.trained_size or 'not trained'}", model, width, photographs)


def read(folders: list[Path], count: int, size: int) -> list[np.ndarray]:
    """Return central squares, (size, size, 3) uint8, of the folders in turn."""
    rows = zip_longest(*(pictures(folder, ["."]) for folder in folders))
    paths = [path for row in rows for path in row if path is not None][:count]
    return [np.array(ImageOps.fit(Image.open(path).convert("RGB"), (size, size))) for path in paths]


def print_rows(name: str, model: InpaintingModule, width: int, photographs: list[np.ndarray]) -> None:
    """Fill all photographs with every strategy, and print a row for each."""
    side = strategy.tile_side(model)
    found: dict[str, list[tuple[float, ...]]] = {one: [] for one in STRATEGIES}
    for number, truth in enumerate(photographs):
        hole = draw_hole(len(truth), width, number)
        for one in STRATEGIES:
            begun = time.process_time()
            filled = complete(model, truth, hole, one)
            seconds = time.process_time() - begun
            scores = score(filled, truth, hole, measures=MEASURES)["hole"]
            found[one].append(
                (*(float(scores[measure] or np.nan) for measure in MEASURES), seconds, *steps(filled, hole, side))
            )
    whole = sum(row[2] for row in found["whole"])
    for one, rows in found.items():
        psnr, ssim, seconds, across, borders, elsewhere, others = np.array(rows).T
        seam = across.sum() / borders.sum() / (elsewhere.sum() / others.sum())
        print(
            f"| {name} | {width} px | `{one}` | {psnr.mean():.2f} | {ssim.mean():.3f} | {seconds.sum() / whole:.2f} "
            f"| {seam:.2f} |",
            flush=True,
        )


def draw_hole(size: int, width: int, seed: int) -> np.ndarray:
    """Draw strokes twice as long as they are wide, more of them where they are thin: (size, size) bool."""
    rng = np.random.default_rng([seed, width])
    mask = Image.new("L", (size, size))
    pen = ImageDraw.Draw(mask)
    for _ in range(max(1, round(80 / width))):
        middle = rng.uniform(width, size - width, 2)
        along = width / 2 * np.array([np.cos(turn := rng.uniform(0, np.pi)), np.sin(turn)])
        ends = [*(middle - along), *(middle + along)]
        pen.line(ends, fill=255, width=width)
        for x, y in (ends[:2], ends[2:]):
            pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(mask) > 127


def steps(filled: np.ndarray, hole: np.ndarray, side: int) -> tuple[float, int, float, int]:
    """Return the sum and number of steps between neighbours in the hole across tiles' borders, and of all others."""
    length = len(hole)
    wide = min(side, length)
    corners = tiles._positions(length, wide)
    cuts = {edge for corner in corners for edge in (corner, corner + wide) if 0 < edge < length}
    border = np.isin(np.arange(1, length), list(cuts))
    sums = np.zeros(4)
    for picture, there in ((filled.astype(float), hole), (filled.astype(float).swapaxes(0, 1), hole.T)):
        step = np.abs(np.diff(picture, axis=0)).mean(2)
        inside = there[1:] & there[:-1]
        for place, lines in ((0, border), (2, ~border)):
            sums[place : place + 2] += step[lines][inside[lines]].sum(), inside[lines].sum()
    return tuple(sums)


if __name__ == "__main__":
    main()
