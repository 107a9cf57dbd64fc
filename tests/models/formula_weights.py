"""Weights by formula for golden outputs: whoever knows the formula and the table of layers gets the same numbers."""

import numpy as np
import torch
from torch import nn


def stream(number):
    """NumPy's legacy stream, frozen for good."""
    return np.random.RandomState(number)


@torch.no_grad()
def fill(layers, gain):
    """Fill convolutions and BatchNorms, given in the order of the data; convolutions count from 1, a norm as its own.

    W_i = N(0, 1) gain / sqrt(fan), b_i = 0.05 N(0, 1); gamma, beta, mean and variance 1 + 0.1 z, 0.1 z, 0.1 z,
    exp(0.2 z). The fan of a transposed convolution is that of one pixel of its output.
    """
    number = 0
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            number += 1
            shape = tuple(layer.weight.shape)
            area = shape[2] * shape[3]
            transposed = isinstance(layer, nn.ConvTranspose2d)
            fan = shape[0] * area / layer.stride[0] ** 2 if transposed else shape[1] * area
            weight = stream(1000 + number).standard_normal(shape) * gain / np.sqrt(fan)
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(stream(2000 + number).standard_normal(layer.out_channels) * 0.05))
        elif isinstance(layer, nn.BatchNorm2d):
            draws = stream(3000 + number)
            gamma, beta, mean, spread = (torch.from_numpy(draws.standard_normal(layer.num_features)) for _ in range(4))
            layer.weight.copy_(1 + 0.1 * gamma)
            layer.bias.copy_(0.1 * beta)
            layer.running_mean.copy_(0.1 * mean)
            layer.running_var.copy_((0.2 * spread).exp())
