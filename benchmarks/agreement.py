"""Do measures agree with eyes? Draw pairs of fills for a blind vote, and count which measure takes the voted side.

``draw`` fills each picture's hole by two methods drawn by chance and lays them on sheets, input, left, right, without
names; ``key.csv`` beside them has the methods and each measure's difference, turned so that positive prefers the left.
The voter writes ``number,vote`` (left, right or none) of each pair into a CSV and reads the key only then; ``join``
puts both together. ``agreement.csv`` is one such table: 24 pairs, and one voter, a vision model.

    python benchmarks/agreement.py draw <folder of sheets> <picture> <picture> ...
    python benchmarks/agreement.py join <folder of sheets> <votes.csv> > benchmarks/agreement.csv
    python benchmarks/agreement.py [count]
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps
from scipy.stats import binomtest

import inpaintlab
from inpaintlab.masks.irregular import Irregular
from inpaintlab.records.measures import MEASURES

METHODS = ("bundled", "patchmatch", "telea", "navier_stokes", "biharmonic")
PLACES = (("full", "psnr"), ("hole", "psnr"), ("full", "ssim"), ("hole", "ssim"), ("full", "ms_ssim"), ("full", "gmsd"))
WANTED = tuple(dict.fromkeys(measure for _, measure in PLACES))
SIDE, GAP, ROWS, SEED = 256, 12, 4, 14
OWN = Path(__file__).with_suffix(".csv")


def draw(folder: Path, pictures: list[str]) -> None:
    folder.mkdir(parents=True)
    random, generator = np.random.default_rng(SEED), torch.Generator().manual_seed(SEED)
    models = {name: inpaintlab.load(name) for name in METHODS}
    rows, lines = [], []
    for number, path in enumerate(random.permutation(pictures)):
        truth = ImageOps.fit(Image.open(path).convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
        known = Irregular(dilation=(9, 49), blobs=0.3, ratio=(0.1, 0.3))((SIDE, SIDE), generator)[0].numpy()
        hole = Image.fromarray(np.uint8(255 * (known == 0)))
        names = random.choice(METHODS, 2, replace=False).tolist()
        fills = [inpaintlab.fill(models[name], truth, hole) for name in names]
        scores = [inpaintlab.score(fill, truth, hole, measures=WANTED) for fill in fills]
        corrupted = truth.copy()
        corrupted.paste((128, 128, 128), mask=hole)
        rows.append((corrupted, *fills))
        line = {"number": number, "left": names[0], "right": names[1]}
        for region, measure in PLACES:
            left, right = (score[region][measure] for score in scores)
            better = 1 if MEASURES[measure].better == "higher" else -1
            line[f"{measure}_{region}"] = f"{better * (left - right):.6f}"
        lines.append(line)
    write(folder / "key.csv", lines)
    for start in range(0, len(rows), ROWS):
        sheet(rows[start : start + ROWS], start).save(folder / f"{start:02}.png")


def sheet(rows: list[tuple[Image.Image, ...]], start: int) -> Image.Image:
    page = Image.new("RGB", (3 * SIDE + 2 * GAP, len(rows) * (SIDE + 2 * GAP)), "white")
    for place, row in enumerate(rows):
        top = place * (SIDE + 2 * GAP) + 2 * GAP
        for column, (picture, title) in enumerate(zip(row, (f"pair {start + place}", "left", "right"), strict=True)):
            page.paste(picture, (column * (SIDE + GAP), top))
            ImageDraw.Draw(page).text((column * (SIDE + GAP), top - 14), title, fill="black")
    return page


def write(path: Path | None, lines: list[dict[str, object]]) -> None:
    file = sys.stdout if path is None else path.open("w", newline="")
    writer = csv.DictWriter(file, lines[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def join(folder: Path, votes: Path) -> None:
    given = {line["number"]: line["vote"] for line in read(votes)}
    write(None, [{**line, "vote": given[line["number"]]} for line in read(folder / "key.csv")])


def count() -> None:
    pairs = read(OWN)
    voted = [line for line in pairs if line["vote"] != "none"]
    print(f"{len(pairs)} pairs, {len(voted)} decided by the voter")
    for region, measure in PLACES:
        column = f"{measure}_{region}"
        agree = sum((float(line[column]) > 0) == (line["vote"] == "left") for line in voted)
        low, high = binomtest(agree, len(voted)).proportion_ci(method="wilson")
        print(f"  {MEASURES[measure].title}, {region}: {agree} of {len(voted)} ({low:.0%} to {high:.0%})")


def main() -> None:
    match sys.argv[1:]:
        case ["draw", folder, *pictures] if pictures:
            draw(Path(folder), pictures)
        case ["join", folder, votes]:
            join(Path(folder), Path(votes))
        case [] | ["count"]:
            count()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
