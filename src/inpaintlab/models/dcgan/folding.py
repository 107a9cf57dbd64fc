"""A frozen copy of a network for the search, without BatchNorm, which saves a tenth of the time."""

import copy

import torch
from torch import nn

from inpaintlab.models.dcgan.network import Discriminator, Generator


def frozen(network: Generator | Discriminator) -> Generator | Discriminator:
    """Return a copy in evaluation mode, each BatchNorm folded into the layer before it, no parameter with a gradient.

    ``gamma * (W x + b - mean) / sqrt(var + eps) + beta`` is again linear in x; the original stays untouched.
    """
    network = copy.deepcopy(network).eval().requires_grad_(False)
    for layer, place in network.normed():
        norm = network.norms[place]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * scale
        outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0  # dimension of the weight
        positions = layer.weight.shape[outputs] // len(scale)  # the linear layer gives several for each channel
        scale, shift = scale.repeat_interleave(positions), shift.repeat_interleave(positions)
        layer.weight.mul_(scale.view([-1 if side == outputs else 1 for side in range(layer.weight.ndim)]))
        layer.bias.mul_(scale).add_(shift)
        network.norms[place] = nn.Identity()
    return network
