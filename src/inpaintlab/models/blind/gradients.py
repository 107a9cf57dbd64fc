"""The gradient prior (section 3.2): horizontal and vertical differences of the corrupted picture, not learned.

The paper names no operator. Both here map grey (B, 1, H, W) to (B, 2, H, W), horizontal first, in brightness per pixel,
positive where the picture brightens to the right or downwards.
"""

import torch
import torch.nn.functional as F
from kornia.filters import spatial_gradient
from torch import Tensor


def forward_differences(picture: Tensor) -> Tensor:
    """``x[i, j+1] - x[i, j]`` and ``x[i+1, j] - x[i, j]``; 0 in the last column or row."""
    horizontal = F.pad(picture[..., :, 1:] - picture[..., :, :-1], (0, 1, 0, 0))
    vertical = F.pad(picture[..., 1:, :] - picture[..., :-1, :], (0, 0, 0, 1))
    return torch.cat([horizontal, vertical], 1)


def sobel(picture: Tensor) -> Tensor:
    """Sobel's kernels divided by 8, so that a ramp of slope 1 gives 1; the border is repeated outwards."""
    return spatial_gradient(picture, "sobel", 1)[:, 0]


OPERATORS = {"forward": forward_differences, "sobel": sobel}
"""By the names of the configuration; ``none`` leaves the prior out."""
