"""Pictures of any size for networks that need sides of certain multiples."""

import torch
from torch import Tensor

from inpaintlab.models.base import InpaintingModule


def inpaint_any_size(model: InpaintingModule, corrupted: Tensor, known: Tensor) -> Tensor:
    """Call ``model.inpaint`` on pictures padded to its ``divisor``, and cut the prediction to size again.

    corrupted (B, C, H, W), known (B, 1, H, W) -> prediction (B, C, H, W). The picture goes on mirrored beyond its
    right and lower edge, its holes too, so that nothing is called known that was not.
    """
    height, width = corrupted.shape[-2:]
    padded = (extend(x, model.divisor) for x in (corrupted, known))
    return model.inpaint(*padded)[..., :height, :width]


def extend(x: Tensor, divisor: int) -> Tensor:
    """Mirror (..., H, W) without repeating the edge until both sides are multiples of ``divisor``.

    Unlike torch's ``pad`` it also extends sides that are shorter than what is missing, by mirroring again and again.
    """
    for dim in (-2, -1):
        length = x.shape[dim]
        missing = -length % divisor
        if missing:
            period = max(1, 2 * length - 2)
            position = torch.arange(length + missing, device=x.device) % period
            x = x.index_select(dim, torch.minimum(position, period - position) if length > 1 else position)
    return x
