"""Losses on features. Pure functions of two lists of feature maps (B, C_p, H_p, W_p), one pair per layer p."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def perceptual(features: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """Sum over the layers of the mean absolute difference (PConv, eq. 3, one of its two sums)."""
    return torch.stack([F.l1_loss(ours, theirs) for ours, theirs in zip(features, truth, strict=True)]).sum()


def gram(features: Tensor) -> Tensor:
    """Gram matrix ``K_p Psi^T Psi`` with ``K_p = 1 / (C H W)``: (B, C, H, W) -> (B, C, C), in float32 at least."""
    batch, channels, height, width = features.shape
    with torch.autocast(features.device.type, enabled=False):
        flat = features.flatten(2)
        if flat.dtype in (torch.float16, torch.bfloat16):
            flat = flat.float()  # the sum over H * W overflows half precision
        zero = flat.new_zeros(())
        # The factor goes into the product: no unscaled Gram matrix is ever stored.
        return torch.baddbmm(
            zero.expand(batch, channels, channels),
            flat,
            flat.transpose(1, 2),
            beta=0,
            alpha=1 / (channels * height * width),
        )


def style(features: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """Sum over the layers of the mean absolute difference of Gram matrices, 1 / C_p^2 (PConv, eq. 4 or 5)."""
    return perceptual([gram(ours) for ours in features], [gram(theirs) for theirs in truth])
