"""The dynamic filter by its definition: every window's kernel is generated, then applied. The oracle, and the rival."""

import torch.nn.functional as F

from inpaintlab.models.madf.dynamic_filter import DynamicFilter2d


def unfold_filter(features, mask, weight, bias, out_channels, kernel_size, stride):
    """Filter features (B, C, H, W) by mask features (B, 16, h, w), with the paper's 1 x 1 convolution.

    ``weight`` (C k k C', 16, 1, 1) and ``bias`` (C k k C',) give a kernel in the order C, rows, columns, C'.
    """
    theta = F.conv2d(mask, weight, bias)  # D = C k k C' maps, the tensor that the factored form never makes
    windows = F.unfold(features, kernel_size, padding=kernel_size // 2, stride=stride)  # B, C k k, positions
    batch, elements, positions = windows.shape
    theta = theta.flatten(2).transpose(1, 2).view(batch, positions, elements, out_channels)
    result = windows.transpose(1, 2).unsqueeze(2).matmul(theta).squeeze(2)  # x_p Theta[p]
    return result.transpose(1, 2).reshape(batch, out_channels, *mask.shape[2:])


class UnfoldFilter2d(DynamicFilter2d):
    """The same parameters, the other way."""

    def forward(self, features, mask):
        channels, size = self.weight.shape[1], self.weight.shape[-1]
        matrix = self.weight.permute(2, 3, 4, 1, 0).flatten(0, 3)
        weight, bias = matrix[:, 1:, None, None], matrix[:, 0]
        return unfold_filter(features, mask, weight, bias, channels, size, self.stride)


def use_unfold(network):
    """Switch all dynamic filters of a network to the definition; returns it."""
    for module in network.modules():
        if type(module) is DynamicFilter2d:
            module.__class__ = UnfoldFilter2d
    return network
