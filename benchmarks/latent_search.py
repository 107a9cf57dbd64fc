"""Cost of the latent search per picture: a batch searched at once against its pictures one at a time.

The full DCGAN of the paper at 64 px, untrained, a central hole; both ways take turns in one process, and the medians
are compared. One search is ``iterations`` steps of Adam on z through generator and discriminator.

    python benchmarks/latent_search.py [--device cpu|cuda] [--batch 64] [--iterations 20] [--rounds 3] [--threads 2]
"""

import argparse
import time
from statistics import median

import torch

from inpaintlab.models.dcgan.network import Discriminator, Generator, initialise
from inpaintlab.models.dcgan.search import LatentSearch


def seconds(search: LatentSearch, networks: tuple, pictures: torch.Tensor, known: torch.Tensor) -> float:
    if pictures.is_cuda:
        torch.cuda.synchronize()
    start = time.perf_counter()
    search(*networks, pictures, known)
    if pictures.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    networks = Generator().to(args.device), Discriminator().to(args.device)
    for network in networks:
        initialise(network, "normal")
    pictures = torch.rand(args.batch, 3, 64, 64, device=args.device) * 2 - 1
    known = torch.ones(args.batch, 1, 64, 64, device=args.device)
    known[..., 16:48, 16:48] = 0
    search = LatentSearch(iterations=args.iterations, progress=False)

    seconds(search, networks, pictures, known)  # warms the caches
    seconds(search, networks, pictures[:1], known[:1])
    alone: list[float] = []
    together: list[float] = []
    for _ in range(args.rounds):
        together.append(seconds(search, networks, pictures, known) / args.batch)
        alone.append(
            median(seconds(search, networks, pictures[i : i + 1], known[i : i + 1]) for i in range(min(4, args.batch)))
        )
    one, many = (median(values) / args.iterations * 1000 for values in (alone, together))
    print(
        f"{args.device}, {args.iterations} iterations, {args.rounds} rounds, {args.threads} threads, "
        f"torch {torch.__version__}: ms per picture and iteration: "
        f"alone {one:.2f}, in a batch of {args.batch} {many:.2f}, ratio {many / one:.3f}"
    )


if __name__ == "__main__":
    main()
