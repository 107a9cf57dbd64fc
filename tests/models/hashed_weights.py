"""Weights from a hash of their names: a network without any file that all can rebuild, whatever the layers' order."""

import torch


def uniform(count, salt):
    """Numbers in [0, 1) from a hash of their place, 32 bits unsigned."""
    x = (torch.arange(count, dtype=torch.int64) * 2654435761 + salt * 40503 + 12345) % 2**32
    for _ in range(2):
        x = x ^ (x >> 16)
        x = x * 0x45D9F3B % 2**32  # below 2^59: no overflow
    x = x ^ (x >> 16)
    return x.double() / 2**32


def filled(name, shape):
    """One entry of a state dict: kernels of unit gain, norms near the identity, everything else small."""
    values = (2 * uniform(torch.Size(shape).numel(), sum(map(ord, name))) - 1).view(shape)
    if len(shape) == 4:
        return values * (6 / (shape[1] * shape[2] * shape[3])) ** 0.5
    if name.endswith("running_var"):
        return 1 + 0.25 * (values + 1)
    return (1 if name.endswith(".weight") else 0) + 0.1 * values


def picture(channels, size):
    """A picture and its hole, a rectangle: (1, C, S, S) in [0, 1) and (1, 1, S, S), 1 in the hole."""
    pixels = uniform(channels * size * size, 777).view(1, channels, size, size)
    hole = torch.zeros(1, 1, size, size, dtype=torch.float64)
    hole[..., 5 * size // 16 : 11 * size // 16, 3 * size // 16 : 10 * size // 16] = 1
    return pixels, hole


def summary(values):
    """Mean, deviation, and three single numbers: the first, the middle of the first channel, the last."""
    middle = values[0, 0, values.shape[2] // 2, values.shape[3] // 2]
    return [
        v.item() for v in (values.mean(), values.std(correction=0), values.flatten()[0], middle, values.flatten()[-1])
    ]
