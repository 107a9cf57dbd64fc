"""Training throughput of the hardware presets at 256 px: pictures per second, share of the card, memory.

Whole training steps (all losses but the VGG terms, whose weights may not be there; backward; Adam), fed from memory.
The share is that of the matrix rate which the same device reaches in the same precision with 4096 x 4096 matrices;
a step counts its forward and backward multiply-adds. ``memory`` is what the GPU's allocator held at most, per picture
of the batch, weights and moments among it. Presets that the machine cannot run are left out, and named.

    python benchmarks/presets.py [--batch 16] [--rounds 20] [--models pconv,madf,lama,deepfill_v2] [--compile]
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import Tensor

from inpaintlab.basics.composing import compose
from inpaintlab.batch import Batch
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.training.setup import prepare_networks

PRESETS = {
    "cpu": ("cpu", torch.float32, False),
    "cpu, bf16": ("cpu", torch.bfloat16, False),
    "gpu": ("cuda", torch.float32, False),
    "gpu_bf16": ("cuda", torch.bfloat16, False),
    "gpu_bf16, channels_last": ("cuda", torch.bfloat16, True),
    "gpu_fp16": ("cuda", torch.float16, False),
    "gpu_fp16, channels_last": ("cuda", torch.float16, True),
}
"""Device, autocast's type and channels_last of each preset."""
MODELS = {
    "pconv": ["model.levels=7", "model.perceptual=0", "model.style=0"],
    "madf": ["model.perceptual=0", "model.style=0"],
    "lama": ["model.perceptual=0"],
    "deepfill_v2": [],
}


def make_step(model: Any, batch: Batch, dtype: torch.dtype) -> Callable[[], None]:
    device = batch.image.device.type
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)
    scaler = torch.amp.GradScaler(device, enabled=dtype is torch.float16)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, dtype, enabled=dtype is not torch.float32):
            loss = torch.stack(list(model.losses(batch).values())).sum()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    return step


def seconds(step: Callable[[], Any], device: str, rounds: int) -> float:
    times = []
    for number in range(rounds + 3):
        wait(device)
        start = time.perf_counter()
        step()
        wait(device)
        if number >= 3:  # warm-up
            times.append(time.perf_counter() - start)
    return median(times)


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def matrix_rate(device: str, dtype: torch.dtype, rounds: int) -> float:
    """Return the multiply-adds per second of a large product."""
    a, b = (torch.randn(4096, 4096, device=device, dtype=dtype) for _ in range(2))
    return 4096**3 / seconds(lambda: a @ b, device, min(rounds, 10))


def draw(count: int, device: str, channels_last: bool) -> Batch:
    image = torch.rand(count, 3, 256, 256, device=device)
    blocks = (torch.rand(count, 1, 8, 8, device=device) > 0.3).float()
    known: Tensor = torch.nn.functional.interpolate(blocks, scale_factor=32)
    return Batch(image.contiguous(memory_format=torch.channels_last) if channels_last else image, known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=None, help="pictures a step: 16 on a GPU, 1 on the CPU")
    parser.add_argument("--rounds", type=int, default=None, help="steps that are timed: 20 on a GPU, 3 on the CPU")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    missing = [name for name, (device, _, _) in PRESETS.items() if device == "cuda" and not torch.cuda.is_available()]
    print("| model | preset | batch | pictures/s | of the first preset | share of the matrix rate | memory |")
    print("| :--- | :--- | ---: | ---: | ---: | ---: | ---: |")
    for name in args.models.split(","):
        first = None
        for preset, (device, dtype, channels_last) in PRESETS.items():
            if preset in missing:
                continue
            fast = device == "cuda"
            count, rounds = args.batch or (16 if fast else 1), args.rounds or (20 if fast else 3)
            torch.manual_seed(0)
            words = [f"model={name}", *MODELS[name]]
            model = instantiate(compose(*words).model, _convert_="all").to(device).train()
            switches = {"checkpointing": False, "channels_last": channels_last, "compile": args.compile}
            prepare_networks(model, DictConfig(switches))
            batch = draw(count, device, channels_last)
            step = make_step(model, batch, dtype)
            if fast:
                torch.cuda.reset_peak_memory_stats()
            took = seconds(step, device, rounds)
            memory = f"{torch.cuda.max_memory_allocated() / count / 2**20:.0f} MiB" if fast else "-"
            with Counter() as counter:
                step()
            share = counter.multiply_adds / took / matrix_rate(device, dtype, rounds)
            first = first or count / took
            speed = f"{count / took:.2f} | {count / took / first:.2f} | {share:.1%}"
            print(f"| {name} | {preset} | {count} | {speed} | {memory} |", flush=True)
    if missing:
        print(f"\nnot run, there is no GPU here: {', '.join(missing)}")


if __name__ == "__main__":
    main()
