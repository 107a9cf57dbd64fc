"""The map of structural similarity (Wang et al. 2004)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError

WINDOW = 11
"""Side of the usual Gaussian window in pixels."""
SIGMA = 1.5
"""Standard deviation of the usual window in pixels."""
K1, K2 = 0.01, 0.03


def gaussian(size: int = WINDOW, sigma: float = SIGMA) -> list[float]:
    """Return the weights of one side of a Gaussian window; their sum is 1."""
    offset = torch.arange(size, dtype=torch.float64) - size // 2
    weights = torch.exp(-0.5 * (offset / sigma) ** 2)
    return (weights / weights.sum()).tolist()


def uniform(size: int) -> list[float]:
    """Return the weights of one side of a window that counts all its pixels alike; their sum is 1."""
    return [1 / size] * size


def ssim_map(first: Tensor, second: Tensor, data_range: float = 255.0) -> Tensor:
    """Return the SSIM of every Gaussian window of 11 pixels that lies inside the picture, per channel.

    Takes two (B, C, H, W) float32 pictures whose values span ``data_range``; returns (B, C, H - 10, W - 10), where
    entry (i, j) belongs to pixel (i + 5, j + 5). Pictures smaller than the window raise ``UserError``.
    """
    luminance, structure = ssim_factors(first, second, gaussian(), data_range)
    return luminance.mul_(structure)


def ssim_factors(
    first: Tensor, second: Tensor, window: Sequence[float], data_range: float = 255.0, sample: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the two factors of SSIM for every window that lies inside the picture: luminance, contrast-structure.

    Takes two (..., H, W) pictures that broadcast together; returns two (..., H - n + 1, W - n + 1) for the n weights
    of one side of ``window``, where entry (i, j) belongs to pixel (i + n // 2, j + n // 2). ``data_range`` scales the
    two constants. ``sample``: variances with N - 1 in the denominator, N the pixels of a window.
    Pictures smaller than the window raise ``UserError``.
    """
    height, width = second.shape[-2:]
    if min(height, width) < len(window):
        raise UserError(
            f"SSIM needs pictures of at least {len(window)} x {len(window)} pixels, got {height} x {width}; "
            "choose a larger data.size"
        )
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    unbiased = len(window) ** 2 / (len(window) ** 2 - 1) if sample else 1.0
    # Wang et al. 2004, eq. (13), written with the difference of the pictures: three blurs per first picture instead of
    # four, the second's shared where several are compared with it, and exactly 1 where the pictures agree. In place,
    # since fresh memory costs more than the arithmetic.
    difference = first - second
    mean_difference, mean_second = blur(difference, window), blur(second, window)
    means = (mean_second + mean_difference).mul_(mean_second)
    covariance = blur(first * second, window).sub_(means).mul_(unbiased)
    variance = blur(difference.square_(), window).sub_(mean_difference.square_()).mul_(unbiased)
    luminance = mean_difference.div_(means.mul_(2).add_(mean_difference).add_(c1)).neg_().add_(1)
    structure = variance.div_(covariance.mul_(2).add_(variance).add_(c2)).neg_().add_(1)
    return luminance, structure


def blur(x: Tensor, weights: Sequence[float]) -> Tensor:
    """Average (..., H, W) under the window, (..., H - n + 1, W - n + 1).

    Written as sums of shifted slices: a convolution would be done in TF32 on a GPU and in 16 bits under autocast,
    and the variances above are small differences of large numbers.
    """
    for dim in (-2, -1):
        length = x.shape[dim] - len(weights) + 1
        blurred = x.narrow(dim, 0, length) * weights[0]
        for shift in range(1, len(weights)):
            blurred.add_(x.narrow(dim, shift, length), alpha=weights[shift])
        x = blurred
    return x
