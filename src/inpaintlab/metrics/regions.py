"""The parts of a picture that are measured apart."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

REGIONS = ("full", "hole", "boundary")


def region_masks(hole: Tensor, names: Sequence[str], width: int | None) -> Tensor:
    """Return (R, H, W) float64, 1 inside of each named region, for a hole (1, H, W) that is 1 in the hole.

    ``boundary`` is the band of pixels, known or not, that have one of the other kind at most ``width`` rows and
    ``width`` columns away.
    """
    masks = {"full": lambda: torch.ones_like(hole), "hole": lambda: hole, "boundary": lambda: _band(hole, width or 0)}
    return torch.cat([masks[name]() for name in names]).double()


def region_means(values: Tensor, masks: Tensor) -> Tensor:
    """Mean of (O, H, W) over each region (R, H, W): (O, R); not a number where a region is empty."""
    return region_sums(values, masks) / masks.sum((1, 2))


def region_sums(values: Tensor, masks: Tensor) -> Tensor:
    """Sum of (O, H, W) over each region (R, H, W): (O, R)."""
    return values.flatten(1) @ masks.flatten(1).T


def _band(hole: Tensor, width: int) -> Tensor:
    inside = hole > 0
    return (_spread(inside, width) & _spread(~inside, width)).to(hole.dtype)


def _spread(mask: Tensor, width: int) -> Tensor:
    """Grow bool (1, H, W) by a square of ``width`` pixels to each side; nothing comes in over the picture's border."""
    mask = F.pad(mask, (width,) * 4)
    for dim in (-2, -1):
        length = mask.shape[dim] - 2 * width
        grown = mask.narrow(dim, 0, length).clone()
        for shift in range(1, 2 * width + 1):
            grown |= mask.narrow(dim, shift, length)
        mask = grown
    return mask
