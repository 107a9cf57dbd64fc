"""How the authors' script makes a picture of any size fit the network: by resizing, not by padding."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

LONGEST = 600
"""Longer sides are reduced to this, pixels."""
THRESHOLD = 0.2
"""Share of hole from which on a pixel of the resized picture is hole."""


def fitted(height: int, width: int) -> tuple[int, int]:
    """Return the size that the network sees: at most ``LONGEST``, then to the nearest multiples of 4."""
    shrink = min(1.0, LONGEST / max(height, width))
    return tuple(max(4, 4 * round(side * shrink / 4)) for side in (height, width))


def through(network: Callable[[Tensor, Tensor], Tensor], corrupted: Tensor, known: Tensor) -> Tensor:
    """Call the network on the resized picture, and resize what it paints: (B, C, H, W), (B, 1, H, W) -> (B, C, H, W).

    A pixel that takes anything from a hole of the picture has no colour of its own: the known ones' mean, weighted as
    the resizing does, stands there, so that the hole's colour changes nothing.
    """
    size = corrupted.shape[-2:]
    target = fitted(*size)
    if target == tuple(size):
        return network(corrupted, known)
    share = _resize(known, target)
    seen = _resize(corrupted.where(known > 0.5, 0), target) / share.clamp(min=1e-6)
    painted = network(seen.clamp(0, 1), (1 - share < THRESHOLD).to(known.dtype))
    return _resize(painted, size).clamp(0, 1)


def _resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(pictures, size=size, mode="bilinear", align_corners=False, antialias=True)
