"""Gradient magnitude similarity deviation (Xue, Zhang, Mou and Bovik 2013)."""

import torch.nn.functional as F
from torch import Tensor

from inpaintlab.metrics.pair import Pair, PairMeasure

C = 170.0
"""The authors' constant, for values from 0 to 255."""


class GMSD(PairMeasure):
    """Deviation over the picture of the similarity of gradients: 0 = alike, a loss of structure weighs most.

    On the luma of YIQ after a mean over 2 x 2 pixels, as the authors' code. It needs no weights.
    """

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the deviation of each whole output, the same in all regions, (O, R)."""
        first, second = (_gradients(picture) for picture in pair.colours("luma"))
        # (2 ab + C) / (a^2 + b^2 + C), exactly 1 where the pictures agree
        similarity = 1 - (first - second).square_() / (first.square() + second.square() + C)
        value = similarity.flatten(1).std(1, correction=0)
        return {"gmsd": value[:, None].expand(-1, len(masks))}


def _gradients(picture: Tensor) -> Tensor:
    """Return the lengths of the gradients by Prewitt's kernels; outside of the picture all is black.

    Written as differences of sums, separably: torch's convolution of float64 takes ten times as long.
    """
    height, width = picture.shape[-2:]
    picture = F.pad(picture, (0, width % 2, 0, height % 2))
    pairs = picture[..., ::2, :] + picture[..., 1::2, :]
    framed = F.pad((pairs[..., ::2] + pairs[..., 1::2]).div_(4), (1, 1, 1, 1))
    rows = framed[..., :-2, :] + framed[..., 1:-1, :] + framed[..., 2:, :]
    columns = framed[..., :-2] + framed[..., 1:-1] + framed[..., 2:]
    across = rows[..., 2:] - rows[..., :-2]
    down = columns[..., 2:, :] - columns[..., :-2, :]
    return across.square_().add_(down.square_()).sqrt_().div_(3)
