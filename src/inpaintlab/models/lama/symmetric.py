"""Pictures of any size, as the authors' code treats them: mirrored beyond the right and the lower edge."""

import torch
from torch import Tensor

from inpaintlab.models.lama.network import Generator


def fill_any_size(network: Generator, corrupted: Tensor, known: Tensor) -> Tensor:
    """Fill corrupted (B, C, H, W) where known (B, 1, H, W) is 0: prediction (B, C, H, W) in [0, 1], float32."""
    height, width = corrupted.shape[-2:]
    prediction = network(*(extend_symmetric(x, network.step) for x in (corrupted, known)))[..., :height, :width]
    return prediction.float()


def extend_symmetric(x: Tensor, divisor: int) -> Tensor:
    """Mirror (..., H, W), the edge repeated, until both sides are multiples of ``divisor`` and at least twice it.

    The network sees the whole picture at once, so another way of padding changes every pixel of its answer.
    """
    for dim in (-2, -1):
        # Without a branch and indexed, for exporters, as in models.padding.
        length = x.shape[dim]
        steps = (length + divisor - 1) // divisor
        position = torch.arange((steps + 1 // steps) * divisor, device=x.device) % (2 * length)
        position = torch.minimum(position, 2 * length - 1 - position)
        x = x[..., position, :] if dim == -2 else x[..., position]
    return x
