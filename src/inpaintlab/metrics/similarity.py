"""Mean structural similarity, with the windows, borders and constants that the field's code uses."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.pair import COLOURS, Pair
from inpaintlab.metrics.regions import region_means
from inpaintlab.metrics.ssim import gaussian, ssim_factors, uniform
from inpaintlab.metrics.words import check_word


class SSIM:
    """SSIM (Wang et al. 2004), the mean over channels of a map over pixels."""

    def __init__(
        self,
        colour: str,
        window: Literal["gaussian", "uniform"],
        size: int,
        sigma: float | None,
        padding: Literal["valid", "zero", "reflect"],
        covariance: Literal["population", "sample"],
        data_range: float,
        negative: Literal["keep", "clip"],
    ) -> None:
        """Choose the definition.

        ``colour``: one of rgb, grey, luma, luma_rounded. ``window``: of ``size`` pixels (odd), a Gaussian with
        ``sigma``.
        ``padding``: only windows inside of the picture (valid), or one for each pixel of a picture that is continued by
        zeros or by its reflection. ``covariance``: sums divided by the window's pixels, or by one less.
        ``data_range``: what the constants assume, for values that go from 0 to 255. ``negative``: whether a negative
        contrast-structure factor counts as it is, or as 0.
        """
        self.colour = check_word("ssim.colour", colour, COLOURS)
        check_word("ssim.window", window, ("gaussian", "uniform"))
        if size < 3 or size % 2 == 0:
            raise UserError(f"protocol.ssim.size={size}: expected an odd number of pixels, 3 or more")
        if window == "gaussian" and not (sigma and sigma > 0):
            raise UserError(f"protocol.ssim.sigma={sigma}: expected the width of the Gaussian window in pixels")
        self.window = gaussian(size, sigma) if window == "gaussian" and sigma else uniform(size)
        self.padding = check_word("ssim.padding", padding, ("valid", "zero", "reflect"))
        self.sample = check_word("ssim.covariance", covariance, ("population", "sample")) == "sample"
        self.data_range = data_range
        self.clip = check_word("ssim.negative", negative, ("keep", "clip")) == "clip"

    def __call__(self, pair: Pair, masks: Tensor) -> Tensor:
        """Return the mean similarity of each output in each region, (O, R).

        Not a number where no window has its centre in the region. Too small pictures raise ``UserError``.
        """
        margin = len(self.window) // 2
        if self.padding == "valid":
            masks = masks[:, margin:-margin, margin:-margin]
        # Channel by channel: half the time of all at once, whose intermediate results do not fit the cache.
        channels = zip(*(x.unbind(-3) for x in pair.colours(self.colour)), strict=True)
        return torch.stack([region_means(self._map(first, second), masks) for first, second in channels]).mean(0)

    def _map(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the similarity of one channel (O, H, W) to the truth's (H, W)."""
        if self.padding != "valid":
            first, second = (_continue(x, len(self.window) // 2, self.padding) for x in (first, second))
        luminance, structure = ssim_factors(first, second, self.window, self.data_range, self.sample)
        return luminance.mul_(structure.clamp_(min=0) if self.clip else structure)


def _continue(picture: Tensor, margin: int, padding: str) -> Tensor:
    """Continue ([O,] H, W) by ``margin`` pixels to each side; too small pictures to be reflected are left alone."""
    sides = (margin,) * 4
    if padding == "zero":
        return F.pad(picture, sides)
    if min(picture.shape[-2:]) <= margin:
        return picture  # smaller than a window, and refused as such
    return F.pad(picture[None], sides, mode="reflect")[0]
