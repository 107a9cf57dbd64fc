"""The U-Net that corrects a smooth fill."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1
"""Of the activation below zero."""


class Block(nn.Module):
    """Two convolutions beside an identity (He et al. 2016), without normalisation (Lim et al. 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, a=SLOPE)
        nn.init.normal_(self.second.weight, std=0.1 * (2 / (9 * width)) ** 0.5)  # a block begins near the identity
        nn.init.zeros_(self.first.bias)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        return x + self.second(_leaky(self.first(_leaky(x))))


class ResidualUNet(nn.Module):
    """A U-Net whose door folds squares of ``fold`` pixels into channels, whose head unfolds them (Shi et al. 2016).

    ``widths`` and ``blocks`` hold one number per level, the first at 1 / ``fold`` of the resolution; every further
    level halves the sides, so that these must be multiples of ``fold * 2 ** (len(widths) - 1)``. Skips are added.
    """

    def __init__(
        self, in_channels: int, out_channels: int, fold: int, widths: Sequence[int], blocks: Sequence[int]
    ) -> None:
        super().__init__()
        self.fold = fold
        self.door = nn.Conv2d(fold**2 * in_channels, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(_stack(w, n) for w, n in zip(widths, blocks, strict=True))
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.up = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairs)
        self.decoder = nn.ModuleList(_stack(w, n) for w, n in list(zip(widths, blocks, strict=True))[:-1])
        self.head = nn.Conv2d(widths[0], fold**2 * out_channels, 3, padding=1)
        # The first prediction is the smooth fill; not quite, so that every parameter gets a gradient at once.
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        x = self.door(F.pixel_unshuffle(x, self.fold))
        skips = []
        for level, down in zip(self.encoder, self.down, strict=False):
            x = level(x)
            skips.append(x)
            x = down(x)
        x = self.encoder[-1](x)
        for level, up, skip in reversed(list(zip(self.decoder, self.up, skips, strict=True))):
            x = level(skip + F.interpolate(up(x), scale_factor=2, mode="nearest"))
        return F.pixel_shuffle(self.head(_leaky(x)), self.fold)


def _leaky(x: Tensor) -> Tensor:
    """Without normalisation a plain ReLU can die; this one keeps a gradient everywhere."""
    return F.leaky_relu(x, SLOPE)


def _stack(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))
