"""Contextual attention: its speed against its definition, and the memory that chunks save.

    python benchmarks/contextual_attention.py [--channels 96] [--threads 1] [--rounds 3]

Speed, at 256 px (features of 64 x 64): the layer and its definition place by place (tests/layers/brute_attention.py)
take turns in one process, forward on one picture; medians are compared. So do the whole and the chunks at 512 px.

Memory, at 512 px (features of 128 x 128): each form runs in a process of its own; what it adds at most to the resident
memory, on one picture, forward alone and with the gradient. On a GPU, if there is one, PyTorch's allocator is asked.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.layers.brute_attention import brute_force  # noqa: E402

from inpaintlab.layers.contextual_attention import ContextualAttention  # noqa: E402

CHUNK = 4_194_304
"""Of ``conf/model/deepfill_v2.yaml``."""
FORMS = {"whole": None, "chunks": CHUNK, "least chunks": 1}


def inputs(size, channels, device="cpu"):
    """Features of a picture of ``size`` px with a hole in the middle; small, so that many patches count."""
    side = size // 4
    features = 0.1 * torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, side, side)
    hole[..., side // 4 : -side // 4, side // 4 : -side // 4] = 1
    return features.to(device), hole.to(device)


def compare(forms, rounds):
    """Let {name: callable} take turns; return the median seconds of each, without the first round."""
    seconds = {name: [] for name in forms}
    for turn in range(rounds + 1):
        for name, run in forms.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


@torch.no_grad()
def speed(channels, rounds):
    features, hole = inputs(256, channels)
    layer = ContextualAttention()
    difference = (layer(features, hole) - brute_force(features, hole)[0]).abs().max().item()
    taken = compare({"layer": lambda: layer(features, hole), "definition": lambda: brute_force(features, hole)}, rounds)
    print(
        f"256 px: layer {taken['layer']:.3f} s, definition {taken['definition']:.3f} s: "
        f"{taken['definition'] / taken['layer']:.0f} times faster; largest difference {difference:.1e}",
        flush=True,
    )
    features, hole = inputs(512, channels)
    layers = {name: ContextualAttention(chunk=chunk) for name, chunk in FORMS.items()}
    expected = layers["whole"](features, hole)
    difference = max((layer(features, hole) - expected).abs().max().item() for layer in layers.values())
    taken = compare({name: lambda layer=layer: layer(features, hole) for name, layer in layers.items()}, rounds)
    ratios = ", ".join(f"{name} {value / taken['whole']:.2f}" for name, value in taken.items())
    print(f"512 px: time against the whole ({taken['whole']:.3f} s): {ratios}; largest difference {difference:.1e}")


def peak():
    """Return the largest resident memory of this process so far, MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 2**10
    raise SystemExit("no VmHWM: memory is measured on Linux")


def serve(form, gradient, channels):
    """Run one form once; print what it added, MiB."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer = ContextualAttention(chunk=FORMS[form])
    small = inputs(64, channels, device)
    layer(*small)  # libraries
    features, hole = inputs(512, channels, device)
    features.requires_grad_(gradient)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = peak()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 2**20
    output = layer(features, hole)
    if gradient:
        output.sum().backward()
    after = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else peak()
    print(json.dumps(after - before))


def memory(channels, threads):
    for gradient in (False, True):
        added = {}
        for form in FORMS:
            words = [f"--serve={form}", f"--channels={channels}", f"--threads={threads}"]
            words += ["--gradient"] if gradient else []
            command = [sys.executable, str(Path(__file__).resolve()), *words]
            answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            added[form] = json.loads(answer.stdout)
        what = "forward and gradient" if gradient else "forward"
        told = ", ".join(f"{form} {value:.0f} MiB ({value / added['whole']:.0%})" for form, value in added.items())
        print(f"512 px, {what}: {told}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--gradient", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.serve:
        serve(args.serve, args.gradient, args.channels)
        return
    print(f"{args.channels} channels, {args.threads} thread(s)")
    speed(args.channels, args.rounds)
    memory(args.channels, args.threads)


if __name__ == "__main__":
    main()
