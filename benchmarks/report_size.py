"""A report at the size of a paper: 12,000 pictures, 6 models, 3 protocols and their regions, from drawn rows.

Draws the files of six evaluations, each picture once in six buckets of hole ratios as PConv's tables have them, with 24
pictures of 256 px saved per bucket; runs ``inpaintlab report`` on them in a process of its own, and prints its seconds,
its peak memory and the bytes of the page beside their limits. ``--csv`` draws the same rows as CSV too, as evaluations
had them before, and runs both in turns. Linux only.

    python benchmarks/report_size.py [--pictures 12000] [--models 6] [--each] [--csv] [--rounds 1] [--keep <folder>]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from inpaintlab.records.cells import POOL, Bucket, Cell, View
from inpaintlab.records.evaluation import EvaluationCost, EvaluationRecord, MaskSource
from inpaintlab.records.picture_rows import CSV, FILE, PictureWriter, write_csv
from inpaintlab.records.rows import Means, SavedPicture

CELLS = [Cell(Bucket(low, high)) for low, high in
         ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))]  # fmt: skip
STANDARD = [View("standard", output, region) for output in ("completed", "prediction")
            for region in ("full", "hole", "boundary")]  # fmt: skip
VIEWS = [*STANDARD, View("lama", "completed", "full"), View("mat", "completed", "full")]
MEASURES = {"standard": ("psnr", "ssim", "l1", "gmsd"), "lama": ("ssim",), "mat": ("psnr", "ssim", "l1")}
COLUMNS = ("mse", "psnr", "ssim", "l1", "gmsd")
SIDE, SAVED = 256, 24
LIMITS = {"seconds": 60.0, "MiB of memory": 1024.0, "MB of page": 10.0}


@cache
def natural(index: int) -> np.ndarray:
    """Noise with a photograph's spectrum, which compresses about as badly, (SIDE, SIDE, 3) uint8."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))) + 1 / SIDE
    waves = np.fft.fft2(np.random.default_rng(index).normal(size=(3, SIDE, SIDE))) / frequency
    picture = np.fft.ifft2(waves).real
    picture -= picture.mean((1, 2), keepdims=True)
    picture = 128 + 55 * picture / picture.std((1, 2), keepdims=True)
    return np.clip(picture, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def hole_of(ratio: float) -> np.ndarray:
    """Return a square hole of about this share."""
    side = round(SIDE * ratio**0.5)
    hole = np.zeros((SIDE, SIDE), bool)
    hole[:side, :side] = True
    return np.roll(hole, ((SIDE - side) // 2,) * 2, (0, 1))


def save_pictures(folder: Path, cell: Cell, indices: list[int], error: float) -> list[SavedPicture]:
    """Write truth, hole and fill of these pictures."""
    saved = []
    hole = hole_of(cell.bucket.middle)
    for index in indices:
        truth = natural(index)
        filled = np.where(hole[..., None], (1 - error) * truth + error * truth[::-1, ::-1], truth)
        names = {"truth": "truth", "mask": f"masks/{cell.folder}", "picture": f"pictures/{cell.folder}"}
        paths = {kind: f"{place}/{index:05}.png" for kind, place in names.items()}
        for kind, pixels in (("truth", truth), ("mask", 255 * hole), ("picture", filled)):
            path = folder / paths[kind]
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(path, compress_level=1)
        saved.append(SavedPicture(cell, index, f"{index:08}.jpg", **paths))
    return saved


def draw_values(random: np.random.Generator, error: float, ratio: np.ndarray) -> dict[str, np.ndarray]:
    """Return each column's numbers of pictures with these hole ratios."""
    mse = 900 * error * ratio * random.lognormal(0, 0.5, len(ratio))
    psnr = 10 * np.log10(255**2 / mse)
    return {"mse": mse, "psnr": psnr, "ssim": 1 - mse / 2000, "l1": np.sqrt(mse) / 300, "gmsd": np.sqrt(mse) / 200}


def draw(folder: Path, number: int, pictures: int, each: bool) -> None:
    """Write one evaluation."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(number)
    rows: list[Means] = []
    saved: list[SavedPicture] = []
    everything: dict[View, list[dict[str, np.ndarray]]] = {view: [] for view in VIEWS}
    with PictureWriter(folder / FILE, COLUMNS) as writer:
        for place, cell in enumerate(CELLS):
            own = np.arange(pictures) if each else np.arange(place, pictures, len(CELLS))
            ratio = random.uniform(cell.bucket.low, cell.bucket.high, len(own))
            values = {view: draw_values(random, 1 + 0.2 * number, ratio) for view in VIEWS}
            for at, index in enumerate(own.tolist()):
                for view in VIEWS:
                    known = {name: float(values[view][name][at]) for name in ("mse", *MEASURES[view.protocol])}
                    writer.add(cell, view, (index, f"{index:08}.jpg", float(ratio[at])), known)
            for view in VIEWS:
                everything[view].append(values[view])
                rows.append(means(cell, view, [values[view]]))
            saved += save_pictures(
                folder, cell, own[:: max(1, len(own) // SAVED)][:SAVED].tolist(), 0.3 + 0.05 * number
            )
    rows += [means(POOL, view, parts) for view, parts in everything.items()]
    record_of(number, rows, saved).write(folder)


def means(cell: Cell, view: View, parts: list[dict[str, np.ndarray]]) -> Means:
    """Return the row of means of some cells' numbers."""
    names = MEASURES[view.protocol]
    values = {name: float(np.concatenate([part[name] for part in parts]).mean()) for name in names}
    return Means(cell, view, sum(len(part["mse"]) for part in parts), 0, values)


def record_of(number: int, rows: list[Means], saved: list[SavedPicture]) -> EvaluationRecord:
    """Return what ``evaluation.json`` holds."""
    return EvaluationRecord(
        name=f"model-{number}", model="drawn", ckpt=None, ckpt_sha256=None, iteration=None,
        choices={"model": "drawn", "data": "drawn", "mask": "drawn"}, overrides=[], command="none", split="test",
        seed=0, size=SIDE, channels=3, blind=False, versions={"inpaintlab": "drawn"}, commit=None,
        protocols={name: {} for name in MEASURES}, masks=MaskSource("drawn", None, None, {}), pictures_sha256="0" * 64,
        cost=EvaluationCost(1000 * (number + 1), 100.0, 5.0, 0.0, 100.0, 12000, "cpu", 16), rows=rows, distributions=[],
        saved=saved, measures=["psnr", "ssim", "l1", "gmsd"],
    )  # fmt: skip


def run_report(folder: Path) -> dict[str, float]:
    """Return what ``LIMITS`` bounds, of a report in a process of its own."""
    words = ["-m", "inpaintlab.verbs.report", f"runs={folder / 'in'}", f"output={folder / 'out'}"]
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        raise SystemExit(f"the report ended with {status}")
    page = (folder / "out" / "report.html").stat().st_size
    return dict(zip(LIMITS, (seconds, usage.ru_maxrss / 1024, page / 1e6), strict=True)) | {
        "processor seconds": usage.ru_utime + usage.ru_stime
    }


def only(folder: Path, kept: str) -> Path:
    """Return a folder with the same evaluations, their rows in one format alone."""
    twin = folder.with_name(f"{folder.name}-{kept.rpartition('.')[2]}")
    for path in (folder / "in").rglob("*"):
        link = twin / path.relative_to(folder)
        if path.is_file() and path.name not in {FILE, CSV} - {kept} and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
    return twin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--models", type=int, default=6)
    parser.add_argument("--each", action="store_true", help="every picture in every bucket: six times the rows")
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", help="folder for all files; what lies there is used again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.keep or temporary) / "report"
        for number in range(args.models):
            if (folder / "in" / f"model-{number}" / "evaluation.json").exists():  # kept by a call before
                continue
            draw(folder / "in" / f"model-{number}", number, args.pictures, args.each)
            if args.csv:
                write_csv(folder / "in" / f"model-{number}")
        per_model = args.pictures * len(VIEWS) * (len(CELLS) if args.each else 1)
        print(f"{args.models} models x {args.pictures} pictures, {args.models * per_model:,} rows")
        folders = {kind: only(folder, kind) for kind in ((FILE, CSV) if args.csv else (FILE,))}
        found: dict[str, list[dict[str, float]]] = {kind: [] for kind in folders}
        for _ in range(args.rounds):
            for kind, one in folders.items():
                found[kind].append(run_report(one))
        for kind, runs in found.items():
            size = sum(path.stat().st_size for path in folders[kind].rglob(kind))
            print(f"{kind}: {size / 1e6:.1f} MB of rows")
            for name in runs[0]:
                value = median(run[name] for run in runs)
                limit = f" of {LIMITS[name]:g}" if name in LIMITS else ""
                print(f"  {value:.1f} {name}{limit}")
        if args.csv:
            csv_time, own = (median(run["processor seconds"] for run in found[kind]) for kind in (CSV, FILE))
            print(f"processor seconds, Parquet to CSV: {own / csv_time:.2f}")


if __name__ == "__main__":
    main()
