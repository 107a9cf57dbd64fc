"""What a training step of each paper gains: by its memory format, its optimiser, bfloat16 and compilation.

Steps are whole: all losses but the VGG terms, whose weights may not be there, of all players at once; backward; Adam.
They are fed from memory. The variants take turns in one process; told is the median, over the rounds, of the ratio to
``plain``: torch's formats and Adam as they come. On a CPU the time is the processor's, since others may use the
machine; on a GPU it is the clock's. ``Adam`` is the share of ``plain`` that the optimiser takes. ``matrix rate`` is the
share of ``plain`` and of ``channels_last`` in what the same device reaches in float32 with 1024 x 1024 matrices,
forward and backward multiply-adds counted.

    python benchmarks/step.py [--models pconv,quickstart_scratch] [--rounds 5] [--batch 2] [--device cuda] [--compile]
"""

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.basics.composing import compose
from inpaintlab.batch import Batch
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.base import InpaintingModule
from inpaintlab.training.setup import prepare_networks

NO_VGG = ["model.perceptual=0", "model.style=0"]
SCRATCH = ["model.width=24", "model.levels=5", *NO_VGG]
MODELS: dict[str, list[str]] = {
    "quickstart": ["model=bundled", "paper.size=128"],
    "quickstart_scratch": ["model=pconv", "paper.size=64", *SCRATCH],
    "pconv": ["model=pconv", "paper.size=128", "model.levels=7", *NO_VGG],
    "madf": ["model=madf", "paper.size=128", *NO_VGG],
    "blind": ["model=blind", "paper.size=64"],
    "context_encoder": ["model=context_encoder"],
    "edge_connect_inpaint": ["model=edge_connect_inpaint", "paper.size=64", "model.detector=none", *NO_VGG],
    "dcgan": ["model=dcgan"],
    "lama": ["model=lama", "paper.size=128", "model.perceptual=0"],
    "glcic": ["model=glcic", "paper.size=128", "model.patch=64", "model.global_layers=5", "model.local_layers=4"],
    "pathak": ["model=pathak"],
    "deepfill_v1": ["model=deepfill_v1", "paper.size=128"],
    "deepfill_v2": ["model=deepfill_v2", "paper.size=128"],
}
"""The papers' own constants; the size of the pictures is made smaller where a CPU would take long."""
BATCHES = {"quickstart": 16, "quickstart_scratch": 16}
"""Pictures a step where it is not ``--batch``."""
HOLES = {"pathak": 56}
"""Side of the hole where it is not half of the picture's."""


class Variant:
    """A model of its own and its step."""

    def __init__(self, words: list[str], batch: Batch, channels_last: bool, fused: bool, bf16: bool, compiled: bool):
        device = batch.image.device
        torch.manual_seed(0)
        self.model: InpaintingModule = instantiate(compose(*words).model, _convert_="all").to(device).train()
        switches = {"checkpointing": False, "channels_last": channels_last, "compile": compiled}
        prepare_networks(self.model, DictConfig(switches))
        learning = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(learning, lr=1e-4, fused=fused or None)
        self.batch, self.device = batch, device
        self.autocast = torch.autocast(device.type, torch.bfloat16) if bf16 else nullcontext()
        self.times: list[float] = []

    def step(self) -> None:
        """Take one step."""
        self.optimizer.zero_grad()
        with self.autocast:
            loss = torch.stack(list(self.model.losses(self.batch).values())).sum()
        loss.backward()
        self.optimizer.step()

    def measure(self) -> None:
        """Take one step and its time."""
        self.times.append(seconds(self.step, self.device))


def seconds(work: Callable[[], object], device: torch.device) -> float:
    if device.type == "cpu":
        start = time.process_time()
        work()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def matrix_rate(device: torch.device, rounds: int) -> float:
    """Return the float32 multiply-adds per second of a product of 1024 x 1024 matrices."""
    a, b = (torch.randn(1024, 1024, device=device) for _ in range(2))
    return 1024**3 / min(seconds(lambda: a @ b, device) for _ in range(4 * rounds))


def draw(count: int, channels: int, size: int, hole: int, device: torch.device) -> Batch:
    """Return noise with a square hole in the middle."""
    known = torch.ones(count, 1, size, size, device=device)
    inner = slice((size - hole) // 2, (size + hole) // 2)
    known[..., inner, inner] = 0
    return Batch(torch.rand(count, channels, size, size, device=device), known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="a column of its own; the first step takes minutes")
    args = parser.parse_args()
    device = torch.device(args.device)
    variants = {
        "plain": (False, False, False, False),
        "channels_last": (True, False, False, False),
        "fused Adam": (False, True, False, False),
        "bf16": (False, False, True, False),
        **({"compiled": (False, False, False, True)} if args.compile else {}),
    }
    print("speed as a multiple of `plain`\n")
    print("| model | size | batch |", " | ".join([*list(variants)[1:], "Adam", "matrix rate"]), "|")
    print("| :--- | ---: | ---: |", " | ".join(["---:"] * (len(variants) + 1)), "|", flush=True)
    for name in args.models.split(","):
        paper, count = compose(*MODELS[name]).paper, BATCHES.get(name, args.batch)
        batch = draw(count, paper.channels, paper.size, HOLES.get(name, paper.size // 2), device)
        steps = {variant: Variant(MODELS[name], batch, *switches) for variant, switches in variants.items()}
        with Counter() as counter:
            steps["plain"].step()
        for round_ in range(args.rounds + 1):
            for step in steps.values():
                step.measure()
                if round_ == 0:
                    step.times.clear()  # warm-up
        plain = steps.pop("plain")
        gains = [
            f"{median(one / other for one, other in zip(plain.times, step.times, strict=True)):.2f}"
            for step in steps.values()
        ]
        adam = median(seconds(plain.optimizer.step, device) for _ in range(args.rounds)) / median(plain.times)
        rate = matrix_rate(device, args.rounds)
        shares = " to ".join(
            f"{counter.multiply_adds / median(each.times) / rate:.0%}" for each in (plain, steps["channels_last"])
        )
        print(f"| `{name}` | {paper.size} | {count} |", " | ".join([*gains, f"{adam:.0%}", shares]), "|", flush=True)


if __name__ == "__main__":
    main()
