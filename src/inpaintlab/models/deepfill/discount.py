"""The spatially discounted loss of v1: the deeper in the hole, the less the truth is the only right answer."""

import torch
from torch import Tensor


def discounted_l1(prediction: Tensor, truth: Tensor, gamma: float) -> Tensor:
    """Return ``mean(|prediction - truth| * D)`` of squares (B, C, side, side); D is 1 everywhere if ``gamma`` is 1."""
    return ((prediction - truth).abs() * discount(prediction.shape[-1], gamma).to(prediction, non_blocking=True)).mean()


def discount(side: int, gamma: float) -> Tensor:
    """Return D (side, side), ``max(gamma^min(i, side - i), gamma^min(j, side - j))``, as the authors' code has it.

    The distance is that to the border of the box, not to the nearest known pixel, and the first row and column are one
    pixel nearer to it than the last.
    """
    places = torch.arange(side)
    weights = gamma ** torch.minimum(places, side - places).double()
    return torch.maximum(weights[:, None], weights[None, :]).float()
