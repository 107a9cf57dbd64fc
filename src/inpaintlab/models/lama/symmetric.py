"""Pictures of any size, as the authors' code treats them: mirrored beyond the right and the lower edge."""

import torch
from torch import Tensor


def extend_symmetric(x: Tensor, divisor: int) -> Tensor:
    """Mirror (..., H, W), the edge repeated, until both sides are multiples of ``divisor`` and at least twice it.

    The network sees the whole picture at once, so another way of padding changes every pixel of its answer.
    """
    for dim in (-2, -1):
        length = x.shape[dim]
        wanted = max(2 * divisor, -(-length // divisor) * divisor)
        if wanted > length:
            position = torch.arange(wanted, device=x.device) % (2 * length)
            x = x.index_select(dim, torch.minimum(position, 2 * length - 1 - position))
    return x
