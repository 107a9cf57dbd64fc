"""The smooth fill that the network starts from, without parameters."""

import torch
import torch.nn.functional as F
from torch import Tensor


def harmonic_fill(corrupted: Tensor, known: Tensor, sweeps: int) -> Tensor:
    """Fill the hole by an approximate solution of laplacian x = 0 with the known pixels as boundary values.

    (B, C, H, W), (B, 1, H, W) -> (B, C, H, W). From coarse to fine: a pyramid of means of the known pixels gives every
    level its boundary values (the pull of Gortler et al. 1996), and each level takes the hole from the level above
    and relaxes it by ``sweeps`` Jacobi steps (cascadic multigrid, Bornemann and Deuflhard 1996). The border of the
    picture reflects. Known pixels stay bit by bit, values under the hole are not read, and where nothing is known the
    result is mid-grey.
    """
    levels = [(torch.where(known > 0.5, corrupted, 0), known)]
    while max(levels[-1][0].shape[-2:]) > 1:
        levels.append(_coarser(*levels[-1]))
    values, here = levels.pop()
    fill = torch.where(here > 0, values, 0.5)
    for values, here in reversed(levels):
        fill = F.interpolate(fill, values.shape[-2:], mode="bilinear", align_corners=False)
        fill = torch.where(here > 0, values, fill)
        for _ in range(sweeps):
            fill = torch.where(here > 0, values, _mean_of_neighbours(fill))
    return fill


def _coarser(values: Tensor, here: Tensor) -> tuple[Tensor, Tensor]:
    """Halve the sides: the mean of what is known in each 2 x 2 cell, and 1 where anything is."""
    share = F.avg_pool2d(here, 2, ceil_mode=True)
    mean = F.avg_pool2d(values, 2, ceil_mode=True) / share.clamp_min(1e-6)
    return mean, (share > 0).to(here)


def _mean_of_neighbours(x: Tensor) -> Tensor:
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    return (across + padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1]) / 4
