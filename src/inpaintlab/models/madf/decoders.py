"""The recovery decoder, the refinement decoders and their point-wise normalisation."""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Norm = Literal["pn", "bn"]
SLOPE = 0.2
"""Of the leaky ReLU."""


class Recovery(nn.Module):
    """One block R^l (Fig. 2 e): double r^l, blend it with u^(l-1).

    The last block, which paints, has neither normalisation nor activation.
    """

    def __init__(self, in_channels: int, out_channels: int, skip_channels: int, last: bool) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        self.norm = None if last else nn.BatchNorm2d(out_channels)
        self.blend = nn.Conv2d(skip_channels + out_channels, out_channels, 3, padding=1)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Map r^l (B, C, h, w) and u^(l-1) (B, C'', 2h, 2w) to r^(l-1) (B, C', 2h, 2w)."""
        features = self.upsample(features)
        if self.norm is None:
            return self.blend(torch.cat([skip, features], 1))
        features = F.leaky_relu_(self.norm(features), SLOPE)
        return self.blend(torch.cat([skip, features], 1)).relu_()


class PointwiseNorm(nn.Module):
    """BatchNorm whose scale and shift are computed for every point from the decoder before (eq. 1).

    The scale is 1 + gamma, with which the layer starts near plain BatchNorm; the paper's alpha is the same function
    class.
    """

    def __init__(self, channels: int, condition_channels: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.hidden = nn.Conv2d(condition_channels, hidden, 3, padding=1)
        self.affine = nn.Conv2d(hidden, 2 * channels, 3, padding=1)  # gamma, then beta

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Normalise features (B, C, h, w) by f^(l-1, k-1), (B, C', h, w)."""
        gamma, beta = self.affine(self.hidden(condition).relu_()).chunk(2, dim=1)
        normal = self.norm(features)
        return torch.addcmul(normal + beta, normal, gamma)


class Refinement(nn.Module):
    """One block F^(l, k) (Fig. 2 f): double f^(l, k), normalise it by the decoder before."""

    def __init__(self, in_channels: int, out_channels: int, norm: Norm, hidden: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        self.norm = PointwiseNorm(out_channels, out_channels, hidden) if norm == "pn" else nn.BatchNorm2d(out_channels)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Map f^(l, k) (B, C, h, w) and f^(l-1, k-1) (B, C', 2h, 2w) to f^(l-1, k) (B, C', 2h, 2w)."""
        features = self.upsample(features)
        features = self.norm(features, condition) if isinstance(self.norm, PointwiseNorm) else self.norm(features)
        return F.leaky_relu_(features, SLOPE)


class RefinementDecoder(nn.Module):
    """The decoder F_k: blocks from level L to 2, then a 1 x 1 convolution that paints.

    Args:
        widths: channels of f^1 ... f^L.
        seen: channels of what the last convolution sees besides f^1: all earlier pictures, and e^0.
        channels: of the picture.
        norm: ``pn``, or ``bn`` for the ablation; then only the last convolution knows the other decoders.
        hidden: channels inside a point-wise normalisation.
    """

    def __init__(self, widths: Sequence[int], seen: int, channels: int, norm: Norm, hidden: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Refinement(widths[level], widths[level - 1], norm, hidden) for level in range(len(widths) - 1, 0, -1)
        )
        self.paint = nn.Conv2d(widths[0] + seen, channels, 1)

    def forward(self, deepest: Tensor, conditions: Sequence[Tensor]) -> list[Tensor]:
        """Refine u^L (B, C, h, w), given f^(L-1, k-1) ... f^(1, k-1); return f^(L-1, k) ... f^(1, k)."""
        chain = [deepest]
        for block, condition in zip(self.blocks, conditions, strict=True):
            chain.append(block(chain[-1], condition))
        return chain[1:]

    def picture(self, finest: Tensor, seen: Sequence[Tensor]) -> Tensor:
        """Paint from f^(1, k) (B, C, h, w) and what it sees, (B, C', 2h, 2w) each; return (B, channels, 2h, 2w).

        The paper doubles f^(1, k) bilinearly, concatenates and convolves by 1 x 1. A 1 x 1 convolution and a doubling
        change places freely: here the doubling comes last, with three maps instead of sixty-four.
        """
        ours, theirs = self.paint.weight.split([finest.shape[1], self.paint.in_channels - finest.shape[1]], dim=1)
        painted = F.interpolate(F.conv2d(finest, ours), scale_factor=2, mode="bilinear", align_corners=False)
        return painted + F.conv2d(torch.cat(list(seen), 1), theirs, self.paint.bias)
