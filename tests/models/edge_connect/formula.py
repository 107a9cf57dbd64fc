"""Weights from a formula, at the authors' names and shapes: a network without any file that all can rebuild."""

from itertools import pairwise

import torch
from torch.nn.functional import normalize


def uniform(count, salt):
    """Numbers in [0, 1) from a hash of their place, 32 bits unsigned."""
    x = (torch.arange(count, dtype=torch.int64) * 2654435761 + salt * 40503 + 12345) % 2**32
    for _ in range(2):
        x = x ^ (x >> 16)
        x = x * 0x45D9F3B % 2**32  # below 2^59: no overflow
    x = x ^ (x >> 16)
    return x.double() / 2**32


def filled(name, shape):
    """One entry: kernels of unit gain, everything else small."""
    values = (2 * uniform(torch.Size(shape).numel(), sum(map(ord, name))) - 1).view(shape)
    return values * (6 / (shape[1] * shape[2] * shape[3])) ** 0.5 if len(shape) == 4 else 0.1 * values


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


def picture(channels, size):
    """(1, channels, size, size) in [0, 1), and the hole (1, 1, size, size), 1 inside a rectangle."""
    hole = torch.zeros(1, 1, size, size, dtype=torch.float64)
    hole[..., 5 * size // 16 : 11 * size // 16, 3 * size // 16 : 10 * size // 16] = 1
    return uniform(channels * size**2, 777).view(1, channels, size, size), hole


def summary(values):
    """Mean, deviation of the population, first, the first map's middle, last."""
    height, width = values.shape[-2:]
    middle = values[0, 0, height // 2, width // 2]
    parts = (values.mean(), values.std(correction=0), values.flatten()[0], middle, values.flatten()[-1])
    return [float(part) for part in parts]
