"""The U-Net of the PConv paper's appendix, with partial or with ordinary convolutions."""

import math
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.partial_conv import PartialConv2d

Convolution = Literal["partial", "ordinary"]


class PartialBlock(nn.Module):
    """Convolution, BatchNorm, activation; under partial convolutions the result is zero in its holes.

    The bias belongs to the layers without BatchNorm, which would cancel it.
    """

    def __init__(
        self,
        convolution: Convolution,
        in_channels: tuple[int, ...],
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        norm: bool = True,
        slope: float | None = 0.0,
    ) -> None:
        super().__init__()
        if convolution == "partial":
            self.conv = PartialConv2d(in_channels, out_channels, kernel_size, stride, bias=not norm, premasked=True)
        else:
            self.conv = nn.Conv2d(sum(in_channels), out_channels, kernel_size, stride, kernel_size // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(out_channels) if norm else None
        self.slope = slope
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")  # section 4.2: He et al. 2015
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, features: Tensor, known: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Map features (B, C, H, W) and known (B, groups, H, W), or None for ordinary convolutions."""
        if known is None:
            features = self.conv(features)
        else:
            features, known = self.conv(features, known)
        if self.norm is not None:
            features = self.norm(features)
            if known is not None:
                # BatchNorm moves zero away from zero: empty the holes again, once for all the layers that read this.
                # In place, since its own backward pass does not need the output; both activations keep 0.
                features = features.mul_(known.to(features.dtype))
        if self.slope is not None:
            features = F.leaky_relu_(features, self.slope) if self.slope else F.relu_(features)
        return features, known


class UNet(nn.Module):
    """``levels`` halvings and as many nearest-neighbour doublings, with skips of features and masks.

    Args:
        levels: 8 in the paper (512 px); sides must be multiples of ``2**levels``.
        width: filters of the first layer, 64 in the paper; the encoder has 1, 2, 4, 8, 8, ... times as many.
        channels: 3 (colour) or 1 (grey).
        convolution: ``partial``, or ``ordinary`` for the paper's baseline ``Conv``, which never sees the mask.
    """

    def __init__(
        self, levels: int = 8, width: int = 64, channels: int = 3, convolution: Convolution = "partial"
    ) -> None:
        super().__init__()
        if convolution not in get_args(Convolution):
            raise UserError(f"model.convolution: expected {' | '.join(get_args(Convolution))}, got {convolution!r}")
        if not 1 <= levels <= 16 or width < 1 or channels not in (1, 3):
            raise UserError(
                f"model: expected levels 1 to 16, a width of at least 1 and 1 or 3 channels, got levels={levels}, "
                f"width={width}, channels={channels}"
            )
        self.levels = levels
        self.partial = convolution == "partial"
        widths = [channels] + [width * min(2**level, 8) for level in range(levels)]
        kernels = [7, 5, 5] + [3] * levels
        self.encoder = nn.ModuleList(
            PartialBlock(convolution, (widths[i],), widths[i + 1], kernels[i], stride=2, norm=i > 0)
            for i in range(levels)
        )
        self.decoder = nn.ModuleList(
            PartialBlock(
                convolution, (widths[i + 1], widths[i]), widths[i], 3, norm=i > 0, slope=0.2 if i > 0 else None
            )
            for i in reversed(range(levels))
        )

    def forward(self, corrupted: Tensor, known: Tensor, fill: Tensor | float = 0.0) -> Tensor:
        """Predict the picture: corrupted (B, C, H, W) and known (B, 1, H, W) -> (B, C, H, W), unbounded.

        What stands in the hole of ``corrupted`` is never read; ordinary convolutions read ``fill`` there, one number or
        (C, 1, 1), and partial ones nothing.
        """
        self._check(corrupted)
        # Not a product, which would let a NaN through.
        features = torch.where(known > 0.5, corrupted, 0.0 if self.partial else fill)
        mask = known if self.partial else None
        skips = []
        for block in self.encoder:
            skips.append((features, mask))
            features, mask = block(features, mask)
        for block in self.decoder:
            skip, skip_mask = skips.pop()
            features = torch.cat([F.interpolate(features, scale_factor=2, mode="nearest"), skip], 1)
            if mask is not None:
                mask = torch.cat([F.interpolate(mask, scale_factor=2, mode="nearest"), skip_mask], 1)
            features, mask = block(features, mask)
        return features

    def _check(self, pictures: Tensor) -> None:
        batch, _, height, width = pictures.shape
        step = 2**self.levels
        if height % step or width % step:
            common = math.gcd(height, width)
            most = (common & -common).bit_length() - 1  # how often both sides can be halved
            instead = f", or model.levels={most} at most" if most else ""
            raise UserError(
                f"size {height}x{width} cannot be halved levels={self.levels} times: give sides that are multiples of "
                f"{step}{instead}"
            )
        if batch * (height // step) * (width // step) == 1 and self.levels > 1 and self.encoder[-1].norm.training:
            raise UserError(
                f"size {height}x{width} with levels={self.levels} leaves BatchNorm one value per channel in a batch of "
                f"one: set data.batch_size to 2 or more, or model.levels={self.levels - 1} at most"
            )
