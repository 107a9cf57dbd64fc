"""The partial convolution: a convolution that looks at known pixels only, and says what is known after it."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PartialConv2d(nn.Conv2d):
    """Partial convolution with mask update (Liu et al. 2018, eq. 1 and 2), zero padding of ``kernel_size // 2``.

    All channels of one feature map share their holes, so each group of channels carries ONE mask channel; the paper's
    mask of C channels gives the same numbers at twice the cost. Two feature maps that were concatenated are two groups.

    Args:
        in_channels: channels of each group, ``64`` or ``(512, 256)``.
        out_channels: filters.
        kernel_size: odd side of the window, pixels.
        stride: step of the window, pixels.
        bias: learn b; it stands outside the scaling.
        premasked: the features come with zeros in their holes, so masking them again is left out.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        bias: bool = True,
        premasked: bool = False,
    ) -> None:
        self.groups_of_channels = (in_channels,) if isinstance(in_channels, int) else tuple(in_channels)
        super().__init__(sum(self.groups_of_channels), out_channels, kernel_size, stride, kernel_size // 2, bias=bias)
        self.premasked = premasked

    def forward(self, features: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve features (B, C, H, W), known (B, groups, H, W); return (B, C', h, w) and its known (B, 1, h, w).

        Where the window holds nothing known, the output is exactly 0 whatever the features are.
        """
        if not self.premasked:
            features = features * self._per_channel(known).to(features.dtype)
        raw = F.conv2d(features, self.weight, None, self.stride, self.padding)
        scale, known = self._update(known)
        # In place: the backward pass of a convolution does not read its output.
        output = raw.mul_(scale.to(raw.dtype))  # W^T (X * M) sum(1) / sum(M)
        if self.bias is not None:
            output = torch.addcmul(output, self.bias.to(raw.dtype)[:, None, None], known.to(raw.dtype))
        return output, known

    def _per_channel(self, known: Tensor) -> Tensor:
        """Repeat each group's mask over its channels, (B, C, H, W); a single group broadcasts as it is."""
        if len(self.groups_of_channels) == 1:
            return known
        return torch.cat([known[:, g : g + 1].expand(-1, c, -1, -1) for g, c in enumerate(self.groups_of_channels)], 1)

    @torch.no_grad()
    def _update(self, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return sum(1) / sum(M), 0 where nothing is known, and the updated mask, both (B, 1, h, w)."""
        channels = 1  # of a single group the number cancels out
        if len(self.groups_of_channels) > 1:
            known = sum(known[:, g : g + 1] * c for g, c in enumerate(self.groups_of_channels))
            channels = self.in_channels
        # Sums of integers, exact in float32: a full window scales by exactly 1. Padding adds 0, as a hole does.
        # A mean, multiplied and rounded: exporters to ONNX silently drop the divisor_override that would give the sum.
        area = self.kernel_size[0] * self.kernel_size[1]
        known_sum = (F.avg_pool2d(known, self.kernel_size, self.stride, self.padding) * area).round()
        all_sum = area * channels
        updated = (known_sum > 0).to(known.dtype)
        return updated * all_sum / known_sum.clamp(min=1), updated
