"""Gradient magnitude similarity deviation (Xue, Zhang, Mou and Bovik 2013), by piq."""

from piq import gmsd
from torch import Tensor

from inpaintlab.metrics.pair import Pair, PairMeasure


class GMSD(PairMeasure):
    """Deviation over the picture of the similarity of gradients: 0 = alike, a loss of structure weighs most.

    On the luma of YIQ after a mean over 2 x 2 pixels, as the authors' code. It needs no weights.
    """

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the deviation of each whole output, the same in all regions, (O, R)."""
        first, second = pair.colours("rgb")
        value = gmsd(first, second.expand_as(first), reduction="none", data_range=255)
        return {"gmsd": value[:, None].expand(-1, len(masks))}
