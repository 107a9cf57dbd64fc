"""Contextual attention: its speed against its definition, and the memory that chunks save.

    python benchmarks/contextual_attention.py [--channels 96] [--threads 1] [--rounds 3]

Speed, at 256 px (features of 64 x 64): the layer and its definition place by place (tests/layers/brute_attention.py)
take turns in one process, forward on one picture; medians are compared. So do the whole and the chunks at 512 px.

Memory, at 512 px (features of 128 x 128): the bytes of all tensors that exist at once, input and output among them,
forward alone and with the gradient. They are counted on tensors without values, so they are the same everywhere; what
an allocator does not give back at once comes on top.
"""

import argparse
import sys
import time
import weakref
from pathlib import Path
from statistics import median

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.layers.brute_attention import brute_force

from inpaintlab.layers.contextual_attention import ContextualAttention

CHUNK = 4_194_304
"""Of ``conf/model/deepfill_v2.yaml``."""
FORMS = {"whole": None, "chunks": CHUNK, "least chunks": 1}


def inputs(size, channels):
    """Features of a picture of ``size`` px with a hole in the middle; small, so that many patches count."""
    side = size // 4
    features = 0.1 * torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, side, side)
    hole[..., side // 4 : -side // 4, side // 4 : -side // 4] = 1
    return features, hole


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


class Alive(TorchDispatchMode):
    """Adds up the bytes of the tensors that exist, and remembers the most."""

    def __init__(self):
        super().__init__()
        self.known, self.bytes, self.most = set(), 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.count(leaf.untyped_storage())
        return result

    def count(self, storage):  # noqa: D102
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.bytes += size
            self.most = max(self.most, self.bytes)
            weakref.finalize(storage, self.forget, key, size)

    def forget(self, key, size):  # noqa: D102
        self.known.discard(key)
        self.bytes -= size


def held(chunk, gradient, channels):
    """Return the most MiB that exist at once in one call."""
    with FakeTensorMode(), Alive() as alive:
        features, hole = torch.zeros(1, channels, 128, 128), torch.zeros(1, 1, 128, 128)
        features.requires_grad_(gradient)
        output = ContextualAttention(chunk=chunk)(features, hole)
        if gradient:
            output.sum().backward()
    return alive.most / 2**20


def memory(channels):
    for gradient in (False, True):
        most = {name: held(chunk, gradient, channels) for name, chunk in FORMS.items()}
        told = ", ".join(f"{name} {value:.0f} MiB ({value / most['whole']:.0%})" for name, value in most.items())
        print(f"512 px, {'forward and gradient' if gradient else 'forward'}: {told}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{args.channels} channels, {args.threads} thread(s)")
    memory(args.channels)
    speed(args.channels, args.rounds)


if __name__ == "__main__":
    main()
