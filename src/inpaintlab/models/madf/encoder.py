"""The encoder: seven halvings that know the mask, by dynamic filters or by one of the paper's two rivals."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from inpaintlab.layers.partial_conv import PartialConv2d
from inpaintlab.models.madf.dynamic_filter import DynamicFilter2d

Encoding = Literal["madf", "gconv", "pconv"]
EncoderChannels = Literal["code", "formula"]
KERNELS = (7, 5, 3)
"""Kernel sizes of the first levels (Fig. 3); deeper ones have the last."""


class DynamicLevel(nn.Module):
    """MADF: mask features make the filters, and go on to the next level."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, mask_in: int, mask_channels: int) -> None:
        super().__init__()
        self.mask = nn.Conv2d(mask_in, mask_channels, kernel_size, 2, kernel_size // 2)
        self.filter = DynamicFilter2d(in_channels, out_channels, kernel_size, 2, mask_channels)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Halve features (B, C, H, W) and mask features (B, C_m, H, W)."""
        mask = self.mask(mask).relu_()
        return self.filter(features, mask).relu_(), mask


class GatedLevel(nn.Module):
    """GConv, the rival of Table II: one kernel for all windows, its answer weighted by a learned gate."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.feature = nn.Conv2d(in_channels, out_channels, kernel_size, 2, kernel_size // 2)
        self.gate = nn.Conv2d(in_channels, out_channels, kernel_size, 2, kernel_size // 2)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Halve features (B, C, H, W); the mask is one of their channels at the first level, and passes unread."""
        return self.feature(features).relu() * self.gate(features).sigmoid(), mask


class PartialLevel(nn.Module):
    """PConv, the rival of Table II: known pixels alone, and a rule for the next mask."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        # ReLU keeps the zeros of an empty window, so every level's features come with zeros in their holes.
        self.conv = PartialConv2d(in_channels, out_channels, kernel_size, stride=2, premasked=True)

    def forward(self, features: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Halve features (B, C, H, W) and known (B, 1, H, W)."""
        features, known = self.conv(features, known)
        return features.relu_(), known


class Encoder(nn.Module):
    """From the picture with its mask to u^1 ... u^L, each half the size of the one before.

    Args:
        kind: ``madf``, ``gconv`` or ``pconv``; the kernels and channels are the same.
        widths: channels of e^1 ... e^L.
        up_widths: channels of u^1 ... u^L.
        channels: of the picture.
        mask_channels: channels of m^1 ... m^L, for ``madf``.
    """

    def __init__(
        self, kind: Encoding, widths: Sequence[int], up_widths: Sequence[int], channels: int, mask_channels: int
    ) -> None:
        super().__init__()
        self.kind = kind
        self.levels = nn.ModuleList()
        for level, width in enumerate(widths):
            inputs = widths[level - 1] if level else channels if kind == "pconv" else 2 * channels
            kernel = KERNELS[min(level, len(KERNELS) - 1)]
            if kind == "madf":
                mask_in = mask_channels if level else channels
                self.levels.append(DynamicLevel(inputs, width, kernel, mask_in, mask_channels))
            else:
                self.levels.append((GatedLevel if kind == "gconv" else PartialLevel)(inputs, width, kernel))
        self.up = nn.ModuleList(nn.Conv2d(width, up, 1) for width, up in zip(widths, up_widths, strict=True))

    def forward(self, picture: Tensor, known: Tensor) -> list[Tensor]:
        """Encode picture (B, C, H, W), 0 in its hole, and known (B, 1, H, W): [e^0, u^1, ..., u^L], 2 C channels first.

        e^0 is the picture with its mask, the latter as often as there are colours.
        """
        mask = known.expand_as(picture)
        encoded = [torch.cat([picture, mask], 1)]
        features = picture if self.kind == "pconv" else encoded[0]
        if self.kind == "pconv":
            mask = known
        for level, up in zip(self.levels, self.up, strict=True):
            features, mask = level(features, mask)
            encoded.append(up(features).relu_())
        return encoded
