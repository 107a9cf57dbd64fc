"""Pictures per second that the training loader serves, against bare decoding of the same files, in one run.

    python benchmarks/loader.py [--pictures 200] [--side 512] [--size 256] [--rounds 5] [--workers 1 2]
        [--steps 10 50 100]

The files are JPEGs like Places2's, ``--side`` px, quality 90, in the system's page cache; the loader crops ``--size``
px at random and draws irregular holes, in batches of 8. Bare decoding is PIL's, in full, to RGB, by one
process. All take turns in each round; ratios are medians of the rounds' ratios, of the clock on the wall. What a worker
serves on a core of its own follows from the processor time of the loader without workers, which does the same. The last
line says what decoding at half size changes.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from torch import Generator

from inpaintlab.data.folder import Folder
from inpaintlab.data.images import decode
from inpaintlab.data.views import Framing
from inpaintlab.masks.irregular import Irregular


def write_pictures(folder: Path, count: int, side: int) -> list[Path]:
    """Write crops of a photograph, each another."""
    folder.mkdir()
    astronaut, random = Image.fromarray(skimage.data.astronaut()), np.random.default_rng(0)
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for path in paths:
        left, top = random.integers(0, 200, 2).tolist()
        crop = astronaut.crop((left, top, left + 300, top + 300))
        crop.resize((side, side), Image.Resampling.BICUBIC).save(path, quality=90)
    return paths


def serve(root: Path, size: int, workers: int) -> Callable[[], None]:
    """Return what serves one epoch; the workers live on between epochs."""
    data = Folder(
        mask=Irregular(), size=size, channels=3, batch_size=8, num_workers=workers, root=str(root), val_fraction=0,
        test_fraction=0,
    )  # fmt: skip
    loader = data.train_dataloader()

    def epoch() -> None:
        for _ in loader:
            pass

    return epoch


def seconds(task: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of the clock on the wall, and those of this process."""
    wall, processor = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - processor


def rounds_of(tasks: dict[str, Callable[[], None]], rounds: int) -> dict[str, np.ndarray]:
    """Return {task: (rounds, 2) seconds}, all in turn, after one round that does not count."""
    taken = [{name: seconds(task) for name, task in tasks.items()} for _ in range(rounds + 1)][1:]
    return {name: np.array([each[name] for each in taken]) for name in tasks}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, value in (("pictures", 200), ("side", 512), ("size", 256), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 50, 100])
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.pictures -= given.pictures % 8  # whole batches

    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder, "train"), given.pictures, given.side)
        view = Framing(given.size, "crop", random=True)

        def bare() -> None:
            for path in paths:
                Image.open(path).convert("RGB")

        def for_the_crop() -> None:
            for path in paths:
                decode(Image.open(path), 3, path, view.shorter)

        alone = serve(Path(folder), given.size, 0)
        loaders = {f"loader, {n} workers": serve(Path(folder), given.size, n) for n in given.workers if n}
        taken = rounds_of(
            {"bare decoding": bare, "decoding for the crop": for_the_crop, "loader, 0 workers": alone, **loaders},
            given.rounds,
        )
        for name, times in taken.items():
            ratio = np.median(taken["bare decoding"][:, 0] / times[:, 0])
            print(f"{name:22} {given.pictures / np.median(times[:, 0]):7.1f} pictures/s = {ratio:5.2f} x bare decoding")
        decoded, served = (
            given.pictures / np.median(taken[name][:, 1]) for name in ("bare decoding", "loader, 0 workers")
        )
        print(f"on a core of its own: bare decoding {decoded:.0f}, a worker {served:.0f} = {served / decoded:.2f} x")
        for step in given.steps:
            print(f"a step of {step} pictures/s needs {math.ceil(step / served)} worker(s)")
        apart = []
        for number, path in enumerate(paths[:50]):
            pictures = [decode(Image.open(path), 3, path, shorter) for shorter in (view.shorter, None)]
            small, full = (np.float32(view(picture, Generator().manual_seed(number))) for picture in pictures)
            apart.append(np.abs(small - full).mean())
        print(f"decoding for the crop and in full differ by {np.mean(apart):.2f} of 255 grey levels on the average")


if __name__ == "__main__":
    main()
