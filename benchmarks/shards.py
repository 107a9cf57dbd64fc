"""Pictures per second from shards against the same JPEG files in a folder, in one run.

    python benchmarks/shards.py [--pictures 400] [--side 512] [--rounds 3] [--chunk-mb 1] [--workers 0 2]

Three tables. Reading: bytes alone, in random order, without decoding; also by litdata's own `StreamingDataset[index]`.
Training: an epoch of batches of 8 at 256 px with drawn holes. Object storage, imitated: a place with 30 ms before each
file and 100 MB/s, of which the cache holds half, with both orders; `fetched` is how often the whole set was fetched.
All take turns in each round, the best rounds are compared; the files are in the system's page cache.
"""

import argparse
import json
import logging
import shutil
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import skimage.data
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from PIL import Image

from inpaintlab.basics import configs
from inpaintlab.data.folder import Folder
from inpaintlab.data.shard_writer import shard
from inpaintlab.data.shards import Shards
from inpaintlab.masks.irregular import Irregular


def draw(folder: Path, count: int, side: int) -> None:
    """Write crops of a photograph, each another, as JPEG of quality 90."""
    folder.mkdir(parents=True)
    astronaut = Image.fromarray(skimage.data.astronaut())
    random = np.random.default_rng(0)
    for number in range(count):
        left, top = random.integers(0, 200, 2).tolist()
        crop = astronaut.crop((left, top, left + 300, top + 300))
        crop.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:05}.jpg", quality=90)


def pack(root: Path, output: Path, chunk_mb: float) -> None:
    words = [f"data.root={root}", "data.val_fraction=0", "data.test_fraction=0", f"output={output}"]
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        cfg = compose("shard", overrides=[*words, f"chunk_mb={chunk_mb}"], return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    shard(cfg)


def seconds(task) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def compare(tasks: dict, rounds: int, count: int, against: str) -> None:
    """Print pictures per second of each task, best of the rounds, and the ratio to one of them."""
    best = {name: seconds(task) for name, task in tasks.items()}  # warms up as well
    for _ in range(rounds):
        for name, task in tasks.items():
            best[name] = min(best[name], seconds(task))
    for name, spent in best.items():
        print(f"  {name:32} {count / spent:9.0f} pictures/s   {best[against] / spent:5.2f} x {against}", flush=True)


def reading(folder: Folder, shards: Shards, root: Path) -> dict:
    from litdata import StreamingDataset

    files, packed, streamed = folder.images("train"), shards.images("train"), StreamingDataset(str(root / "train"))
    order = np.random.default_rng(0).permutation(len(files)).tolist()
    assert all((folder._root / files.name(i)).read_bytes() == packed.encoded(i) == streamed[i] for i in order)
    return {
        "folder": lambda: [(folder._root / files.name(i)).read_bytes() for i in order],
        "shards": lambda: [packed.encoded(i) for i in order],
        "litdata's StreamingDataset": lambda: [bytes(streamed[i]) for i in order],
    }


def epoch(data) -> None:
    for _ in data:
        pass


def imitate_storage(delay: float, rate: float) -> dict[str, int]:
    """Teach litdata the scheme ``slow:``, a folder that answers as late and slowly; return what counts the bytes."""
    from litdata.streaming.downloader import Downloader, register_downloader

    class Slow(Downloader):
        def download_file(self, remote: str, local: str) -> None:
            source = Path(remote.removeprefix("slow:"))
            time.sleep(delay + source.stat().st_size / rate)
            shutil.copyfile(source, local)
            if source.suffix == ".bin":
                counted["bytes"] += source.stat().st_size

    counted = {"bytes": 0}
    register_downloader("slow:", Slow)
    return counted


def storage(make, folder: Path, root: Path) -> None:
    counted, size = imitate_storage(0.03, 100e6), sum(path.stat().st_size for path in root.glob("train/*.bin"))
    chunks = len(json.loads((root / "manifest.json").read_text())["splits"]["train"]["chunks"])
    print(f"object storage, imitated, 0 workers: {chunks} chunks, of which the cache holds half")
    for name, options in {
        "order=pictures, all cached": {"order": "pictures"},
        "order=chunks, window 4": {"cache_gb": size / 2e9, "window": 4},
        "order=pictures": {"order": "pictures"},
    }.items():
        data = make(root=f"slow:{root}", cache=str(folder / name), **options)
        if name == "order=pictures":
            data._store.cache_gb, data._store.open_chunks = size / 2e9, 5  # which `setup` would refuse
        counted["bytes"] = 0
        loader = iter(data.train_dataloader())
        first = seconds(lambda: next(loader))  # noqa: B023
        rest = seconds(lambda: epoch(loader))  # noqa: B023
        pictures = len(data.images("train"))
        print(
            f"  {name:32} {pictures / (first + rest):9.0f} pictures/s   first batch {first:5.2f} s   "
            f"fetched {counted['bytes'] / size:5.2f} x",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chunk-mb", type=float, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="This DataLoader will create")
    logging.disable(logging.WARNING)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "set" / "train", args.pictures, args.side)
        pack(folder / "set", folder / "shards", args.chunk_mb)
        common = {"mask": Irregular(), "size": 256, "channels": 3, "batch_size": 8, "num_workers": 0}

        def make(**options) -> Shards:
            return Shards(**{**common, "root": str(folder / "shards"), **options})

        plain = Folder(**common, root=str(folder / "set"), horizontal_flip=True)
        print(f"reading, {args.pictures} JPEGs of {args.side} px")
        compare(reading(plain, make(), folder / "shards"), args.rounds, args.pictures, "folder")
        for workers in args.workers:
            print(f"training, {workers} workers")
            plain.num_workers = workers
            loaders = {
                "folder": plain.train_dataloader(),
                "shards": make(num_workers=workers).train_dataloader(),
                "shards, order=chunks": make(num_workers=workers, order="chunks", window=4).train_dataloader(),
            }
            tasks = {name: lambda loader=loader: epoch(loader) for name, loader in loaders.items()}
            compare(tasks, args.rounds, args.pictures // 8 * 8, "folder")
        storage(make, folder, folder / "shards")


if __name__ == "__main__":
    main()
