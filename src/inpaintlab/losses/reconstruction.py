"""Losses on pixels. Pure functions of (B, C, H, W) pictures and known (B, 1, H, W), 1 = known, 0 = hole.

Every one is divided by the number of elements of the picture, N = C * H * W, and averaged over the batch.
"""

from kornia.morphology import dilation
from torch import Tensor


def hole_l1(prediction: Tensor, image: Tensor, known: Tensor) -> Tensor:
    """Absolute error in the hole, ``||(1 - M) * (I_out - I_gt)||_1 / N`` (PConv, section 3.3)."""
    return ((1 - known) * (prediction - image)).abs().mean()


def valid_l1(prediction: Tensor, image: Tensor, known: Tensor) -> Tensor:
    """Absolute error on the known pixels, ``||M * (I_out - I_gt)||_1 / N`` (PConv, section 3.3)."""
    return (known * (prediction - image)).abs().mean()


def total_variation(completed: Tensor, known: Tensor) -> Tensor:
    """Total variation over R, the hole dilated by one pixel, divided by N (PConv, eq. 6).

    A pair of neighbours counts if both lie in R. ``completed`` has the known pixels put back: they are data, so
    this has the gradient of the sum over the whole picture, without the constant that the data add to the value.
    """
    region = dilation(1 - known, known.new_ones(3, 3))
    across = (completed[..., :, 1:] - completed[..., :, :-1]).abs() * (region[..., :, 1:] * region[..., :, :-1])
    down = (completed[..., 1:, :] - completed[..., :-1, :]).abs() * (region[..., 1:, :] * region[..., :-1, :])
    return (across.sum() + down.sum()) / completed.numel()
