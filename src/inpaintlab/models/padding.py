"""Pictures of any size for networks that need sides of certain multiples."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from inpaintlab.models.base import InpaintingModule


def inpaint_any_size(model: "InpaintingModule", corrupted: Tensor, known: Tensor) -> Tensor:
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
    if divisor == 1:
        return x
    for dim in (-2, -1):
        # Arithmetic alone, no branch on a size: exporters, which follow one picture, would keep its branch for all.
        length = x.shape[dim]
        period = 2 * length - 2 + 1 // length  # 1 // length: a side of one pixel has the period 1
        position = torch.arange(length + -length % divisor, device=x.device) % period
        # Indexed, not index_select: a traced position stays on the CPU, where only indexing takes it for a GPU's x.
        position = torch.minimum(position, period - position)
        x = x[..., position, :] if dim == -2 else x[..., position]
    return x
