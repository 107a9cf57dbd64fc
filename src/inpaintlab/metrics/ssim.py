"""Structural similarity (Wang et al. 2004) and its multi-scale form, with the windows and constants that are in use."""

from collections.abc import Iterator, Sequence
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
BLOCK = 32
"""Rows, and columns, of windows that are averaged at once: what they need stays in the processor's cache."""


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
        first, second = pair.colours(self.colour)
        if self.padding != "valid":
            first, second = (_continue(x, margin, self.padding) for x in (first, second))
        similarity = first.new_empty(*first.shape[:2], *masks.shape[1:])
        for rows, luminance, structure in ssim_strips(first, second, self.window, self.data_range, self.sample):
            torch.mul(luminance, structure.clamp_(min=0) if self.clip else structure, out=similarity[..., rows, :])
        return {"ssim": region_means(similarity, masks)}


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
            means = torch.zeros_like(product)
            for _, luminance, structure in ssim_strips(first, second, gaussian()):
                factor = luminance.mul_(structure) if scale == len(EXPONENTS) - 1 else structure
                means += factor.sum((-2, -1))
            means /= (first.shape[-2] - WINDOW + 1) * (first.shape[-1] - WINDOW + 1)
            product = product * means.clamp(min=0) ** exponent
        return {"ms_ssim": product.mean(-1, keepdim=True).expand(-1, len(masks))}


def gaussian(size: int = WINDOW, sigma: float = SIGMA) -> list[float]:
    """Return the weights of one side of a Gaussian window; their sum is 1."""
    offset = torch.arange(size, dtype=torch.float64, device="cpu") - size // 2
    weights = torch.exp(-0.5 * (offset / sigma) ** 2)
    return (weights / weights.sum()).tolist()


def uniform(size: int) -> list[float]:
    """Return the weights of one side of a window that counts all its pixels alike; their sum is 1."""
    return [1 / size] * size


def ssim_strips(
    first: Tensor, second: Tensor, window: Sequence[float], data_range: float = 255.0, sample: bool = False
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, strip by strip, the two factors of SSIM of every window inside the picture: luminance, contrast-structure.

    Takes float64 outputs (O, C, H, W) and their truth (C, H, W). For the n weights of one side of ``window`` there are
    (H - n + 1) x (W - n + 1) windows; number (i, j) belongs to pixel (i + n // 2, j + n // 2). A strip is (rows, two
    (O, C, h, W - n + 1)), which the caller may change. ``data_range`` scales the two constants. ``sample``: variances
    with N - 1 in the denominator, N the pixels of a window. Pictures smaller than the window raise ``UserError``.
    """
    height, width = second.shape[-2:]
    if min(height, width) < len(window):
        raise UserError(
            f"SSIM needs pictures of at least {len(window)} x {len(window)} pixels, got {height} x {width}; "
            "choose a larger data.size"
        )
    margin = len(window) - 1
    band = second.new_zeros(BLOCK + margin, BLOCK)  # column j: the weights, from row j on
    band.as_strided((BLOCK, margin + 1), (BLOCK + 1, BLOCK)).copy_(torch.tensor(window, dtype=band.dtype))
    for top in range(0, height - margin, BLOCK):
        read = slice(top, top + BLOCK + margin)
        rows = slice(top, min(top + BLOCK, height - margin))
        yield rows, *_factors(first[..., read, :], second[..., read, :], band, data_range, sample)


def _factors(first: Tensor, second: Tensor, band: Tensor, data_range: float, sample: bool) -> tuple[Tensor, Tensor]:
    """Wang et al. 2004, eq. (13), written with the difference of the pictures.

    So it takes three blurs per output instead of four, the truth's is shared, and the result is exactly 1 where the
    pictures agree. In place, since fresh memory costs more than the arithmetic.
    """
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    outputs, pixels = len(first), (len(band) - BLOCK + 1) ** 2
    parts = (outputs, outputs, outputs, 1)
    planes = first.new_empty(sum(parts), *second.shape)
    difference, square, product, truth = planes.split(parts)
    torch.sub(first, second, out=difference)
    torch.mul(difference, difference, out=square)
    torch.mul(first, second, out=product)
    truth.copy_(second)

    mean_difference, variance, covariance, mean_second = _blur(planes, band).split(parts)
    means = torch.addcmul(mean_second.square(), mean_second, mean_difference)
    covariance.sub_(means)
    variance.sub_(mean_difference.square_())
    if sample:
        covariance.mul_(pixels / (pixels - 1))
        variance.mul_(pixels / (pixels - 1))
    one = means.new_ones(())
    luminance = torch.addcdiv(one, mean_difference, mean_difference.add(means, alpha=2).add_(c1), value=-1)
    structure = torch.addcdiv(one, variance, variance.add(covariance, alpha=2).add_(c2), value=-1)
    return luminance, structure


def _blur(planes: Tensor, band: Tensor) -> Tensor:
    """Average (..., h, W) under the window, (..., h - n + 1, W - n + 1), h at most ``BLOCK`` + n - 1.

    Written as products of float64 matrices, a block of rows or columns with the band of weights: the fastest there is.
    A convolution of float32 would be done in TF32 on a GPU and in 16 bits under autocast, and the variances above are
    small differences of large numbers.
    """
    margin = len(band) - BLOCK
    planes = band[: planes.shape[-2], : planes.shape[-2] - margin].T @ planes
    width = planes.shape[-1]
    blurred = planes.new_empty(*planes.shape[:-1], width - margin)
    rows, result = planes.view(-1, width), blurred.view(-1, width - margin)
    for left in range(0, width - margin, BLOCK):
        columns = rows[:, left : left + BLOCK + margin]
        weights = band[: columns.shape[1], : columns.shape[1] - margin]
        torch.mm(columns, weights, out=result[:, left : left + BLOCK])
    return blurred


def _continue(picture: Tensor, margin: int, padding: str) -> Tensor:
    """Continue ([O,] C, H, W) by ``margin`` pixels to each side; too small pictures to be reflected are left alone."""
    sides = (margin,) * 4
    if padding == "zero":
        return F.pad(picture, sides)
    if min(picture.shape[-2:]) <= margin:
        return picture  # smaller than a window, and refused as such
    return F.pad(picture, sides, mode="reflect")
