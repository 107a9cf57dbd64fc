"""Memory of ``inpaintlab evaluate`` over the number of pictures: 2,000 of 256 px, one bucket, FID and KID among it.

Without ``--root`` the pictures are drawn as they are asked for, so that nothing but the evaluation can grow. FID and
KID compare as many features as Inception's, of a fixed random projection, since its weights may not be there. Each time
another tenth is done, prints the resident memory of this process, and what is left of it once glibc has given back what
it keeps for later; and how much more of that the last tenth needs than the second (the first one warms the caches). At
the end the peak of all, FID's and KID's matrices included. Linux only.

    python benchmarks/evaluation_memory.py [--pictures 2000] [--size 256] [--model mean_color] [--root <folder>]
"""

import argparse
import ctypes
import gc
import os
import resource
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from PIL import Image

from inpaintlab.basics.configs import FOLDER
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.evaluation.journal import Journal
from inpaintlab.verbs.evaluate import evaluate


class Drawn:
    """Smooth noise, a function of the number alone."""

    def __init__(self, count: int, side: int) -> None:
        self.count, self.side = count, side

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Image.Image:
        small = np.random.default_rng(index).integers(0, 256, (8, 8, 3), np.uint8)
        return Image.fromarray(small).resize((self.side, self.side), Image.Resampling.BICUBIC)

    def name(self, index: int) -> str:
        """Return the number."""
        return f"{index:06}"


@dataclass(kw_only=True, eq=False, repr=False)
class DrawnData(InpaintingData):
    """Pictures from nowhere."""

    count: int = 2000
    """How many."""

    def images(self, split: str) -> Drawn:  # noqa: ARG002
        """Return the same for every split."""
        return Drawn(self.count, self.size)


class Projection(torch.nn.Module):
    """2,048 random sums of the pixels of a thumbnail."""

    label, dim = "projection", 2048

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.randn(3 * 16**2, self.dim, generator=torch.Generator().manual_seed(0)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Map uint8 pictures (B, 3, H, W) to (B, 2048)."""
        small = torch.nn.functional.interpolate(pictures.float() / 255, (16, 16), mode="area")
        return small.flatten(1) @ self.rows


def needed_mb() -> float:
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident_mb()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def watch(batches: int, measured: list[tuple[int, float, float, float]]) -> None:
    add, start, done = Journal.add, time.monotonic(), [0]

    def add_and_measure(journal: Journal, rank: int, line: dict) -> None:
        add(journal, rank, line)
        done[0] += 1
        if done[0] * 10 % batches < 10:
            measured.append((done[0], resident_mb(), needed_mb(), time.monotonic() - start))

    Journal.add = add_and_measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--model", default="mean_color")
    parser.add_argument("--root", help="a folder of pictures, in place of drawn ones")
    args = parser.parse_args()
    measured: list[tuple[int, float, float, float]] = []
    watch(-(-args.pictures // args.batch), measured)
    with tempfile.TemporaryDirectory() as output, initialize_config_dir(FOLDER, version_base="1.3"):
        words = [f"model={args.model}", f"data.size={args.size}", f"paper.batch_size={args.batch}", "device=cpu",
                 "buckets=[[0.2,0.3]]", "data.num_workers=0", f"output={output}", "save=0",
                 "measures=[psnr,ssim,l1,gmsd,fid,kid]", f"limit={args.pictures}"]  # fmt: skip
        words += ["data=folder", f"data.root={Path(args.root or output).resolve()}", "data.layout={test: [.]}"]
        for measure in ("fid", "kid"):
            words.append(f"protocols.standard.distributions.{measure}={{network: {{_target_: {__name__}.Projection}}}}")
        cfg = compose("evaluate", overrides=words, return_hydra_config=True)
        HydraConfig.instance().set_config(cfg)
        if args.root is None:
            known = {field.name for field in fields(InpaintingData)}
            common = {name: cfg.data[name] for name in cfg.data if name in known}
            cfg.data = {"_target_": f"{__name__}.DrawnData", "count": args.pictures, **common}
        evaluate(cfg)
    resident, needed = resident_mb(), needed_mb()
    for batches, now, kept, seconds in measured:
        count = min(batches * args.batch, args.pictures)
        print(f"{count:6} pictures  resident {now:7.1f} MiB  needed {kept:7.1f} MiB  {seconds:7.1f} s")
    print(f"files written    resident {resident:7.1f} MiB  needed {needed:7.1f} MiB")
    growth = measured[-1][2] - measured[1][2]
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.1f} MiB")
    print(f"needed, from the second tenth to the last: {growth:+.1f} MiB, {100 * growth / measured[1][2]:+.1f} %")


if __name__ == "__main__":
    main()
