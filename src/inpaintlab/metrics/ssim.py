"""The map of structural similarity (Wang et al. 2004)."""

import torch
from torch import Tensor

from inpaintlab.errors import UserError

WINDOW = 11
"""Side of the Gaussian window in pixels."""
SIGMA = 1.5
"""Standard deviation of the window in pixels."""
K1, K2 = 0.01, 0.03


def _blur(x: Tensor) -> Tensor:
    """Average (..., H, W) under the window, (..., H - 10, W - 10).

    Written as sums of shifted slices: a convolution would be done in TF32 on a GPU and in 16 bits under autocast,
    and the variances below are small differences of large numbers.
    """
    offset = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = torch.exp(-0.5 * (offset / SIGMA) ** 2)
    weights = (weights / weights.sum()).tolist()
    for dim in (-2, -1):
        length = x.shape[dim] - WINDOW + 1
        blurred = x.narrow(dim, 0, length) * weights[0]
        for shift in range(1, WINDOW):
            blurred.add_(x.narrow(dim, shift, length), alpha=weights[shift])
        x = blurred
    return x


def ssim_map(first: Tensor, second: Tensor, data_range: float = 255.0) -> Tensor:
    """Return the SSIM of every window that lies inside the picture, per channel.

    Takes two (B, C, H, W) float32 pictures whose values span ``data_range``; returns (B, C, H - 10, W - 10), where
    entry (i, j) belongs to pixel (i + 5, j + 5). Pictures smaller than the window raise ``UserError``.
    """
    height, width = first.shape[-2:]
    if min(height, width) < WINDOW:
        raise UserError(
            f"SSIM needs pictures of at least {WINDOW} x {WINDOW} pixels, got {height} x {width}; "
            "choose a larger data.size"
        )
    mean1, mean2 = _blur(first), _blur(second)
    variance1 = _blur(first * first) - mean1 * mean1
    variance2 = _blur(second * second) - mean2 * mean2
    covariance = _blur(first * second) - mean1 * mean2
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    # Wang et al. 2004, eq. (13).
    return ((2 * mean1 * mean2 + c1) * (2 * covariance + c2)) / (
        (mean1 * mean1 + mean2 * mean2 + c1) * (variance1 + variance2 + c2)
    )
