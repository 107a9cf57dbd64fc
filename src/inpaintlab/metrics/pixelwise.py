"""Errors pixel by pixel: the peak signal-to-noise ratio, the mean absolute error, and what the field calls so."""

import math
from typing import Literal

from torch import Tensor

from inpaintlab.basics.errors import check_one_of
from inpaintlab.metrics.pair import COLOURS, Pair, PairMeasure, region_means, region_sums

PEAK = 255.0


class PSNR(PairMeasure):
    """PSNR = 10 log10(255^2 / MSE) in dB, on values from 0 to 255; columns ``mse`` and ``psnr``."""

    def __init__(
        self,
        colour: str = "rgb",
        exact: Literal["apart", "infinite"] = "apart",
        epsilon: float = 0.0,
        over: Literal["picture", "batch"] = "picture",
    ) -> None:
        """Choose what the squared errors are of, and of how many pictures.

        ``colour``: rgb, grey, luma. ``exact``: PSNR of a picture without error, either none at all (it is counted as
        identical) or infinity. ``epsilon``: added to the MSE of values in [0, 1]. ``over``: the mean PSNR of pictures,
        or one PSNR from the MSE of a whole batch (the protocol's ``batch``).
        """
        self.colour = check_one_of("protocol.psnr.colour", colour, ("rgb", "grey", "luma"))
        self.exact = check_one_of("protocol.psnr.exact", exact, ("apart", "infinite"))
        self.over = check_one_of("protocol.psnr.over", over, ("picture", "batch"))
        self.epsilon = epsilon * PEAK**2

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the mean squared error and the PSNR of each output in each region, (O, R) each."""
        mse = region_means(pair.difference(self.colour).square(), masks)
        return {"mse": mse, "psnr": self.of(mse)}

    def of(self, mse: Tensor) -> Tensor:
        """Return the PSNR of errors of any shape; not a number where there is none."""
        value = 10 * (PEAK**2 / (mse + self.epsilon)).log10()
        return value.where(value.isfinite(), math.nan) if self.exact == "apart" else value


class L1(PairMeasure):
    """Absolute errors of values in [0, 1]."""

    def __init__(self, colour: str = "rgb", relative: bool = False, scale: float = 1.0) -> None:
        """Choose the definition.

        ``colour``: rgb, grey, luma, or mean (the channels are averaged before they are compared).
        ``relative``: sum |a - b| / sum (a + b) instead of the mean of |a - b|. ``scale``: 100 gives percent.
        """
        self.colour = check_one_of("protocol.l1.colour", colour, COLOURS)
        self.relative = relative
        self.scale = scale

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the error of each output in each region, (O, R); not a number where there is nothing to divide by."""
        absolute = pair.difference(self.colour).abs()
        if not self.relative:
            return {"l1": region_means(absolute, masks) / 255 * self.scale}
        first, second = pair.colours(self.colour)
        total = region_sums(first + second, masks).mean(1)
        return {"l1": region_sums(absolute, masks).mean(1) / total * self.scale}
