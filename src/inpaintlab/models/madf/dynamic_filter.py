"""The mask-aware dynamic filter: a convolution whose kernel is generated anew for every window."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DynamicFilter2d(nn.Module):
    """Convolve every window with its own kernel, an affine function of the mask features there (section III-B).

    The paper's 1 x 1 convolution makes of the features m[p] of a window a kernel Theta[p] = W_0 + sum_j m_j[p] W_j. A
    convolution is linear in its kernel, so the same result is a weighted sum of ordinary convolutions,

        e[p] = (W_0 * x)[p] + sum_j m_j[p] (W_j * x)[p],

    with the same parameters and products, and without a single kernel Theta[p] in memory. Padding is
    ``kernel_size // 2``; there is no bias after the sum.

    Args:
        in_channels: channels of the features x.
        out_channels: channels of the result e.
        kernel_size: odd side of the window, pixels.
        stride: step of the window, pixels.
        mask_channels: mask features of a window, 16 in the paper.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, mask_channels: int = 16
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, kernel_size // 2
        # W_0 first, which is the bias of the paper's 1 x 1 convolution, then W_1 to W_16, its weights.
        self.weight = nn.Parameter(torch.empty(1 + mask_channels, out_channels, in_channels, kernel_size, kernel_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw as PyTorch draws the weight and the bias of a 1 x 1 convolution of the mask features."""
        bound = (len(self.weight) - 1) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Filter features (B, C, H, W) by mask features (B, 16, h, w), one for each window; return (B, C', h, w)."""
        every = F.conv2d(features, self.weight.flatten(0, 1), None, self.stride, self.padding)
        # unbind and split, so that the backward pass stacks one gradient instead of adding up seventeen padded ones.
        result, *terms = every.unflatten(1, self.weight.shape[:2]).unbind(1)
        for term, weight in zip(terms, mask.split(1, dim=1), strict=True):
            result = torch.addcmul(result, weight, term)
        return result

    def kernels(self, mask: Tensor) -> Tensor:
        """Generate the kernels Theta themselves, (N, C', C, k, k), for the mask features (N, 16) of N windows."""
        return self.weight[0] + torch.einsum("nj,jockl->nockl", mask, self.weight[1:])
