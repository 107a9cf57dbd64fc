"""Weights from a formula, at the authors' names and shapes: a network without any file that all can rebuild."""

from itertools import pairwise

import torch
from torch.nn.functional import normalize

from tests.models.hashed_weights import filled


def with_pairs(state, transposed):
    """Give every normalised weight its leading singular vectors."""
    for name in [name for name in state if name.endswith("weight_orig")]:
        layer = name.removesuffix(".weight_orig")
        matrix = (state[name].transpose(0, 1) if layer in transposed else state[name]).flatten(1)
        u = torch.linalg.eigh(matrix @ matrix.T).eigenvectors[:, -1]
        state[f"{layer}.weight_u"], state[f"{layer}.weight_v"] = u, normalize(matrix.T @ u, dim=0)
    return state


def official_generator(kind, width=64, blocks=8):
    """The state dict of ``edge`` or ``image`` by the authors' names."""
    edge = kind == "edge"
    inputs, outputs = (3, 1) if edge else (4, 3)
    shapes = {
        "encoder.1": (width, inputs, 7, 7), "encoder.4": (2 * width, width, 4, 4),
        "encoder.7": (4 * width, 2 * width, 4, 4),
        **{f"middle.{i}.conv_block.{j}": (4 * width, 4 * width, 3, 3) for i in range(blocks) for j in (1, 5)},
        "decoder.0": (4 * width, 2 * width, 4, 4), "decoder.3": (2 * width, width, 4, 4),
        "decoder.7": (outputs, width, 7, 7),
    }  # fmt: skip
    state = {}
    for layer, shape in shapes.items():
        weight = f"{layer}.weight_orig" if edge and layer != "decoder.7" else f"{layer}.weight"
        state[weight] = filled(weight, shape)
        if not (edge and layer.startswith("middle")):
            channels = shape[1] if layer in ("decoder.0", "decoder.3") else shape[0]
            state[f"{layer}.bias"] = filled(f"{layer}.bias", (channels,))
    return with_pairs(state, transposed=("decoder.0", "decoder.3"))


def official_discriminator(inputs, width=64):
    """The state dict of a critic, its first layer twice, as the authors save it."""
    counts = [inputs, width, 2 * width, 4 * width, 8 * width, 1]
    state = {}
    for i, (before, after) in enumerate(pairwise(counts), start=1):
        # The first layer has two names, and the formula that comes last, of the second name, stays.
        salt = "features.0.weight_orig" if i == 1 else f"conv{i}.0.weight_orig"
        state[f"conv{i}.0.weight_orig"] = filled(salt, (after, before, 4, 4))
    state = with_pairs(state, transposed=())
    return state | {n.replace("conv1.0", "features.0"): v for n, v in state.items() if n.startswith("conv1.0")}
