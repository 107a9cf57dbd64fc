"""The channel-wise fully connected layer: every place of a channel sees all places of the same channel."""

import torch
from torch import Tensor, nn


class ChannelFC(nn.Module):
    """m maps of n x n -> m maps of n x n by m matrices of n^2 x n^2: m n^4 weights, not the m^2 n^4 of a full layer."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, side**2, side**2))
        self.bias = nn.Parameter(torch.empty(channels, side**2))
        nn.init.normal_(self.weight, std=side**-1)
        nn.init.zeros_(self.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(B, m, n, n) -> (B, m, n, n)."""
        joined = torch.einsum("bcj,cij->bci", features.flatten(2), self.weight) + self.bias
        return joined.view_as(features)
