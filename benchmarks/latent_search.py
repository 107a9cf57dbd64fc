"""Cost of the latent search per picture: a batch searched at once against its pictures one at a time.

The full DCGAN of the paper at 64 px, untrained, a central hole; both ways take turns in one process, and the medians
are compared. One search is ``iterations`` steps of Adam on z through generator and discriminator. On a CPU the time is
the processor's, since others may use the machine; on a GPU it is the clock's. Beside each stands its share of what the
device reaches with products of matrices: where one picture alone has 40 % of it, no batch can take less than 0.4.

    python benchmarks/latent_search.py [--device cpu|cuda] [--batch 64] [--iterations 20] [--rounds 3] [--threads 1]
"""

import argparse
import sys
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.step import matrix_rate, seconds

from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.dcgan.network import Discriminator, Generator, initialise
from inpaintlab.models.dcgan.search import LatentSearch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    device = torch.device(args.device)
    networks = Generator().to(device), Discriminator().to(device)
    for network in networks:
        initialise(network, "normal")
    pictures = torch.rand(args.batch, 3, 64, 64, device=device) * 2 - 1
    known = torch.ones(args.batch, 1, 64, 64, device=device)
    known[..., 16:48, 16:48] = 0
    search = LatentSearch(iterations=args.iterations, progress=False)

    def took(first: int, last: int) -> float:
        """Search for these pictures at once; return the seconds per picture."""
        part = slice(first, last)
        return seconds(lambda: search(*networks, pictures[part], known[part]), device) / (last - first)

    with Counter() as counter:
        took(0, 1)  # warms the caches, as the next one does
    took(0, args.batch)
    alone, together = [], []
    for _ in range(args.rounds):
        together.append(took(0, args.batch))
        alone.append(median(took(place, place + 1) for place in range(min(4, args.batch))))
    rate = matrix_rate(device, args.rounds)
    print(
        f"{device}, {args.threads} threads, torch {torch.__version__}, "
        f"{args.iterations} iterations, {args.rounds} rounds"
    )
    for name, values in (("alone", alone), (f"in a batch of {args.batch}", together)):
        each = median(values)
        share = counter.multiply_adds / each / rate
        print(
            f"{name}: {each / args.iterations * 1000:.2f} ms per picture and iteration, {share:.0%} of the matrix rate"
        )
    print(f"ratio {median(together) / median(alone):.3f}")


if __name__ == "__main__":
    main()
