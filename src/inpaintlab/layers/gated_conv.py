"""The gated convolution: a convolution that learns, for every pixel and channel, how much of its answer counts."""

import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.layers.padded_conv import PaddedConv2d, Padding


class GatedConv2d(nn.Module):
    """``phi(F) * sigmoid(G)``, F and G the two halves of one convolution's channels (Yu et al. 2019).

    Args:
        in_channels, out_channels: of the features; the convolution makes twice as many.
        kernel_size, stride, dilation, rule: see ``PaddedConv2d``.
        activation: phi, a module.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        dilation: int = 1,
        rule: Padding = "tf_same",
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.conv = PaddedConv2d(in_channels, 2 * out_channels, kernel_size, stride, dilation, rule)
        self.activation = nn.ELU() if activation is None else activation

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (B, C, H, W); the first half of the channels are the features, the second their gates."""
        answer, gate = self.conv(features).chunk(2, dim=1)
        return self.activation(answer) * F.sigmoid(gate)
