"""The mean absolute error, and what the field calls so."""

from torch import Tensor

from inpaintlab.metrics.pair import COLOURS, Pair
from inpaintlab.metrics.regions import region_means, region_sums
from inpaintlab.metrics.words import check_word


class L1:
    """Absolute errors of values in [0, 1]."""

    def __init__(self, colour: str, relative: bool, scale: float) -> None:
        """Choose the definition.

        ``colour``: rgb, grey, luma, or mean (the channels are averaged before they are compared).
        ``relative``: sum |a - b| / sum (a + b) instead of the mean of |a - b|. ``scale``: 100 gives percent.
        """
        self.colour = check_word("l1.colour", colour, COLOURS)
        self.relative = relative
        self.scale = scale

    def __call__(self, pair: Pair, masks: Tensor) -> Tensor:
        """Return the error of each output in each region, (O, R); not a number where there is nothing to divide by."""
        absolute = pair.difference(self.colour).abs().mean(1)
        if not self.relative:
            return region_means(absolute, masks) / 255 * self.scale
        first, second = pair.colours(self.colour)
        return region_sums(absolute, masks) / region_sums((first + second).mean(1), masks) * self.scale
