"""Large photographs with four holes: what a fill costs, and what memory it takes, beside reading and writing them.

Each photograph gets a disc 300 px wide, an object of 420 x 260 px, a wire of 8 px and a scratch of 12 px across the
picture. Every line is two processes of ``inpaintlab predict``: one with these holes, one with none, whose processor
seconds are taken away. Peaks are those of the resident memory.

    python benchmarks/large_pictures.py PHOTOGRAPH... [--models patchmatch bundled] [--output fills]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="+")
    parser.add_argument("--models", nargs="+", default=["patchmatch", "bundled"])
    parser.add_argument("--output", type=Path, default=Path("fills"))
    args = parser.parse_args()
    print("| photograph | MP | hole MP | model | s | s per MP of hole | MB | MB, no hole |")
    print("|---|---:|---:|---|---:|---:|---:|---:|")
    for photograph in args.photographs:
        size = Image.open(photograph).size
        masks = args.output / "masks"
        masks.mkdir(parents=True, exist_ok=True)
        holes, nothing = masks / f"{photograph.stem}.png", masks / f"{photograph.stem}-none.png"
        mask = draw_holes(size)
        mask.save(holes)
        Image.new("L", size).save(nothing)
        hole = np.count_nonzero(mask) / 1e6
        for model in args.models:
            seconds, peak = predict(model, photograph, holes, args.output / model)
            rest, least = predict(model, photograph, nothing, args.output / "unchanged")
            print(
                f"| {photograph.stem} | {size[0] * size[1] / 1e6:.1f} | {hole:.2f} | {model} | {seconds - rest:.1f} "
                f"| {(seconds - rest) / hole:.0f} | {peak:.0f} | {least:.0f} |",
                flush=True,
            )


def draw_holes(size: tuple[int, int]) -> Image.Image:
    """Draw the four holes, white on black, of the same pixels in every picture but for the length of the scratch."""
    width, height = size
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    pen.ellipse(around(0.3 * width, 0.68 * height, 300, 300), fill=255)
    pen.ellipse(around(0.72 * width, 0.42 * height, 420, 260), fill=255)
    pen.line([0.1 * width, 0.2 * height, 0.1 * width + 1600, 0.2 * height + 150], fill=255, width=8)
    pen.line([0.02 * width, 0.97 * height, 0.97 * width, 0.05 * height], fill=255, width=12)
    return mask


def around(x: float, y: float, width: int, height: int) -> list[float]:
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def predict(model: str, photograph: Path, mask: Path, output: Path) -> tuple[float, float]:
    """Fill in a process of its own; return its processor seconds and its peak in MB."""
    words = [f"model={model}", f"images={photograph}", f"masks={mask}", f"output={output}", "device=cpu"]
    command = [sys.executable, "-m", "inpaintlab.verbs.cli", "predict", *words]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"predict failed: {' '.join(words)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


if __name__ == "__main__":
    main()
