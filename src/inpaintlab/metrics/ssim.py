"""Structural similarity (Wang et al. 2004) and its multi-scale form, with the windows and constants that are in use."""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.basics.errors import UserError, check_one_of
from inpaintlab.metrics.pair import COLOURS, Pair, PairMeasure, region_means

WINDOW = 11
"""Side of the usual Gaussian window in pixels."""
SIGMA = 1.5
"""Standard deviation of the usual window in pixels."""
K1, K2 = 0.01, 0.03
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""MS-SSIM's weight of each scale, the finest first."""
LEAST = (WINDOW - 1) * 2 ** (len(EXPONENTS) - 1) + 1
"""The smallest side whose coarsest scale still holds a window."""


class SSIM(PairMeasure):
    """SSIM (Wang et al. 2004), the mean over channels of a map over pixels."""

    def __init__(
        self,
        colour: str = "rgb",
        window: Literal["gaussian", "uniform"] = "gaussian",
        size: int = WINDOW,
        sigma: float | None = SIGMA,
        padding: Literal["valid", "zero", "reflect"] = "valid",
        covariance: Literal["population", "sample"] = "population",
        data_range: float = 255.0,
        negative: Literal["keep", "clip"] = "keep",
    ) -> None:
        """Choose the definition.

        ``colour``: one of rgb, grey, luma, luma_rounded. ``window``: of ``size`` pixels (odd), a Gaussian with
        ``sigma``.
        ``padding``: only windows inside of the picture (valid), or one for each pixel of a picture that is continued by
        zeros or by its reflection. ``covariance``: sums divided by the window's pixels, or by one less.
        ``data_range``: what the constants assume, for values that go from 0 to 255. ``negative``: whether a negative
        contrast-structure factor counts as it is, or as 0.
        """
        self.colour = check_one_of("protocol.ssim.colour", colour, COLOURS)
        check_one_of("protocol.ssim.window", window, ("gaussian", "uniform"))
        if size < 3 or size % 2 == 0:
            raise UserError(f"protocol.ssim.size={size}: expected an odd number of pixels, 3 or more")
        if window == "gaussian" and not (sigma and sigma > 0):
            raise UserError(f"protocol.ssim.sigma={sigma}: expected the width of the Gaussian window in pixels")
        self.window = gaussian(size, sigma) if window == "gaussian" and sigma else uniform(size)
        self.padding = check_one_of("protocol.ssim.padding", padding, ("valid", "zero", "reflect"))
        self.sample = check_one_of("protocol.ssim.covariance", covariance, ("population", "sample")) == "sample"
        self.data_range = data_range
        self.clip = check_one_of("protocol.ssim.negative", negative, ("keep", "clip")) == "clip"

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the mean similarity of each output in each region, (O, R).

        Not a number where no window has its centre in the region. Too small pictures raise ``UserError``.
        """
        margin = len(self.window) // 2
        if self.padding == "valid":
            masks = masks[:, margin:-margin, margin:-margin]
        # Channel by channel: half the time of all at once, whose intermediate results do not fit the cache.
        channels = zip(*(x.unbind(-3) for x in pair.colours(self.colour)), strict=True)
        means = torch.stack([region_means(self._map(first, second), masks) for first, second in channels])
        return {"ssim": means.mean(0)}

    def _map(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the similarity of one channel (O, H, W) to the truth's (H, W)."""
        if self.padding != "valid":
            first, second = (_continue(x, len(self.window) // 2, self.padding) for x in (first, second))
        luminance, structure = ssim_factors(first, second, self.window, self.data_range, self.sample)
        return luminance.mul_(structure.clamp_(min=0) if self.clip else structure)


class MultiScaleSSIM(PairMeasure):
    """MS-SSIM (Wang, Simoncelli and Bovik 2003), the mean over channels of the whole picture.

    Of each scale but the coarsest the mean contrast-structure counts, of the coarsest the mean SSIM; a negative mean
    counts as 0. Windows as in SSIM (Gaussian, 11 pixels, inside of the picture); from scale to scale 2 x 2 pixels are
    averaged, of an odd last row or column what there is.
    """

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the similarity of each output, (O, R). Pictures with a side below 161 pixels raise ``UserError``."""
        first, second = pair.colours("rgb")
        height, width = second.shape[-2:]
        if min(height, width) < LEAST:
            raise UserError(
                f"MS-SSIM needs pictures of at least {LEAST} x {LEAST} pixels, got {height} x {width}; "
                "choose a larger data.size, or leave ms_ssim out of measures"
            )
        product = torch.ones_like(first[..., 0, 0])
        for scale, exponent in enumerate(EXPONENTS):
            if scale:
                first, second = (F.avg_pool2d(x, 2, ceil_mode=True) for x in (first, second))
            luminance, structure = ssim_factors(first, second, gaussian())
            factor = luminance * structure if scale == len(EXPONENTS) - 1 else structure
            product = product * factor.mean((-2, -1)).clamp(min=0) ** exponent
        return {"ms_ssim": product.mean(-1, keepdim=True).expand(-1, len(masks))}


def gaussian(size: int = WINDOW, sigma: float = SIGMA) -> list[float]:
    """Return the weights of one side of a Gaussian window; their sum is 1."""
    offset = torch.arange(size, dtype=torch.float64, device="cpu") - size // 2
    weights = torch.exp(-0.5 * (offset / sigma) ** 2)
    return (weights / weights.sum()).tolist()


def uniform(size: int) -> list[float]:
    """Return the weights of one side of a window that counts all its pixels alike; their sum is 1."""
    return [1 / size] * size


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


def _continue(picture: Tensor, margin: int, padding: str) -> Tensor:
    """Continue ([O,] H, W) by ``margin`` pixels to each side; too small pictures to be reflected are left alone."""
    sides = (margin,) * 4
    if padding == "zero":
        return F.pad(picture, sides)
    if min(picture.shape[-2:]) <= margin:
        return picture  # smaller than a window, and refused as such
    return F.pad(picture[None], sides, mode="reflect")[0]
