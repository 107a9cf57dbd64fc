"""The peak signal-to-noise ratio, and what to do with a picture without error."""

import math
from typing import Literal

from torch import Tensor

from inpaintlab.metrics.pair import Pair
from inpaintlab.metrics.regions import region_means
from inpaintlab.metrics.words import check_word

PEAK = 255.0


class PSNR:
    """PSNR = 10 log10(255^2 / MSE) in dB, on values from 0 to 255."""

    def __init__(
        self,
        colour: str,
        exact: Literal["apart", "infinite"],
        epsilon: float,
        over: Literal["picture", "batch"],
    ) -> None:
        """Choose what the squared errors are of, and of how many pictures.

        ``colour``: rgb, grey, luma. ``exact``: PSNR of a picture without error, either none at all (it is counted as
        identical) or infinity. ``epsilon``: added to the MSE of values in [0, 1]. ``over``: the mean PSNR of pictures,
        or one PSNR from the MSE of a whole batch (the protocol's ``batch``).
        """
        self.colour = check_word("psnr.colour", colour, ("rgb", "grey", "luma"))
        self.exact = check_word("psnr.exact", exact, ("apart", "infinite"))
        self.over = check_word("psnr.over", over, ("picture", "batch"))
        self.epsilon = epsilon * PEAK**2

    def mse(self, pair: Pair, masks: Tensor) -> Tensor:
        """Return the mean squared error of each output in each region, (O, R)."""
        return region_means(pair.difference(self.colour).square().mean(1), masks)

    def of(self, mse: Tensor) -> Tensor:
        """Return the PSNR of errors of any shape; not a number where there is none."""
        value = 10 * (PEAK**2 / (mse + self.epsilon)).log10()
        return value.where(value.isfinite(), math.nan) if self.exact == "apart" else value
