"""Cost of the mask path: one training step of PConv's network against the same network with ordinary convolutions.

Forward, L1, backward and Adam at 256 px; both networks take turns in one process, and the medians are compared.

    python benchmarks/pconv_step.py [--device cuda] [--batch 2] [--size 256] [--levels 8] [--rounds 15] [--threads 2]
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch

from inpaintlab.models.pconv.network import UNet


def make_step(convolution: str, image: torch.Tensor, known: torch.Tensor, levels: int) -> Callable[[], None]:
    torch.manual_seed(0)
    network = UNet(levels=levels, convolution=convolution).to(image.device)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-4)

    def step() -> None:
        optimizer.zero_grad()
        (network(image * known, known) - image).abs().mean().backward()
        optimizer.step()

    return step


def seconds(step: Callable[[], None], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device(args.device)

    torch.manual_seed(0)
    image = torch.randn(args.batch, 3, args.size, args.size, device=device)
    blocks = (torch.rand(args.batch, 1, args.size // 32, args.size // 32, device=device) > 0.3).float()
    known = torch.nn.functional.interpolate(blocks, scale_factor=32)

    steps = {name: make_step(name, image, known, args.levels) for name in ("ordinary", "partial")}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(args.rounds + 2):
        for name, step in steps.items():
            elapsed = seconds(step, device)
            if round_ >= 2:  # the first two warm the caches
                times[name].append(elapsed)
    medians = {name: median(values) for name, values in times.items()}
    print(
        f"{device}, batch {args.batch}, {args.size} px, {args.levels} levels, {args.rounds} rounds: "
        f"ordinary {medians['ordinary']:.4f} s, partial {medians['partial']:.4f} s, "
        f"ratio {medians['partial'] / medians['ordinary']:.3f}"
    )


if __name__ == "__main__":
    main()
