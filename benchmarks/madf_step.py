"""MADF's dynamic filters, factored against unfolded: time and peak memory of one training step at 256 px.

Each form trains in its own process, so that its peak memory is its own; the two take turns, step by step, and medians
are compared. The time is the processor's, since others may use the machine. The step is forward, L1 of every picture,
backward, Adam. It is taken of the encoder alone, and of the whole network with K = 0 and K = 2 refinement decoders:
what the encoder does not take is the decoders', and the same in both forms.

Two bounds stand below. Both forms have the same multiply-adds, so no form is faster than they take at the rate that
this machine reaches with products of matrices. And before the first activation both hold the libraries, the weights,
their gradients and Adam's two moments.

    python benchmarks/madf_step.py [--batch 4] [--size 256] [--rounds 3] [--threads 1]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
MIB = 2**20 if sys.platform == "darwin" else 2**10
"""Units of ``ru_maxrss`` in a mebibyte."""
FORMS = ("factored", "unfold")
PARTS = {"encoder": 0, "K=0": 0, "K=2": 2}


def serve(form: str, part: str, batch: int, size: int, threads: int) -> None:
    """Take one step for each line of the input and answer with its seconds; at the end, with the peak memory."""
    import torch
    from benchmarks.step import matrix_rate
    from tests.models.madf.unfold import use_unfold

    from inpaintlab.evaluation.complexity import Counter
    from inpaintlab.models.madf.network import MADFNet

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    libraries = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    network = MADFNet(refinements=PARTS[part])
    if form == "unfold":
        use_unfold(network)
    model = network.encoder if part == "encoder" else network
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)
    known = torch.nn.functional.interpolate((torch.rand(batch, 1, 8, 8) > 0.3).float(), (size, size))
    image = torch.randn(batch, 3, size, size)

    def step() -> float:
        optimizer.zero_grad()
        outputs = model(image * known, known)
        targets = [0 if part == "encoder" else image] * len(outputs)
        loss = sum((output - target).abs().mean() for output, target in zip(outputs, targets, strict=True))
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in sys.stdin:
        start = time.process_time()
        loss = step()
        print(time.process_time() - start, flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    with Counter() as counter:
        step()
    weights = 4 * sum(each.numel() * each.element_size() for each in model.parameters()) / 2**20
    rate = matrix_rate(torch.device("cpu"), rounds=5)
    least = {"seconds": counter.multiply_adds / rate, "memory": libraries + weights}
    print(json.dumps({"peak": peak, "loss": loss, "least": least}), flush=True)


def compare(part: str, args: argparse.Namespace) -> float:
    """Let both forms take turns; print their medians and peaks; return the factored form's seconds."""
    arguments = [f"--batch={args.batch}", f"--size={args.size}", f"--threads={args.threads}"]
    servers = {
        form: subprocess.Popen(
            [sys.executable, "-m", "benchmarks.madf_step", f"--serve={form}", f"--part={part}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for form in FORMS
    }
    times: dict[str, list[float]] = {form: [] for form in FORMS}
    for round_ in range(args.rounds + 1):
        for form, server in servers.items():
            server.stdin.write("step\n")
            elapsed = float(server.stdout.readline())
            if round_:  # the first warms the caches
                times[form].append(elapsed)
    last = {form: json.loads(server.communicate()[0]) for form, server in servers.items()}
    seconds = {form: median(values) for form, values in times.items()}
    print(
        f"{part:8} factored {seconds['factored']:7.3f} s {last['factored']['peak']:6.0f} MiB   "
        f"unfold {seconds['unfold']:7.3f} s {last['unfold']['peak']:6.0f} MiB   "
        f"{seconds['unfold'] / seconds['factored']:5.1f} times faster, "
        f"{last['factored']['peak'] / last['unfold']['peak']:.0%} of the peak   "
        f"(losses {last['factored']['loss']:.4f}, {last['unfold']['loss']:.4f})",
        flush=True,
    )
    least = last["factored"]["least"]  # the unfold form's products are not all counted
    print(
        f"{'':8} at the matrix rate {least['seconds']:.3f} s = {seconds['unfold'] / least['seconds']:.1f} times faster "
        f"than unfold at the most; libraries, weights, gradients, moments {least['memory']:.0f} MiB = "
        f"{least['memory'] / last['unfold']['peak']:.0%} of unfold's peak",
        flush=True,
    )
    return seconds["factored"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=4)  # the authors' train.sh at 256 px
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--serve", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=PARTS, action="append", help="default: all")
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.part[0], args.batch, args.size, args.threads)
        return
    print(f"batch {args.batch}, {args.size} px, {args.threads} threads, {args.rounds} rounds")
    seconds = {part: compare(part, args) for part in args.part or PARTS}
    if args.part is None:
        for part in list(seconds)[1:]:
            print(
                f"{part}: the encoder takes {seconds['encoder'] / seconds[part]:.0%} of the factored step; "
                "the decoders' convolutions and Adam, the same in both forms, bound the rest"
            )


if __name__ == "__main__":
    main()
