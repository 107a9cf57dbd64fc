"""How one picture is judged: six numbers on 8-bit values."""

from typing import NamedTuple

import torch
from torch import Tensor

from inpaintlab.batch import Batch
from inpaintlab.metrics.ssim import WINDOW, ssim_map

NAMES = ("psnr", "ssim", "l1", "psnr_hole", "ssim_hole", "l1_hole")
"""The measures in the order of the columns; the last three look at hole pixels only."""


class Judged(NamedTuple):
    """The measures of a batch, one row per picture."""

    values: Tensor
    """(B, 6), the columns are ``NAMES``."""
    counted: Tensor
    """(B, 6) bool, False where the measure does not exist: PSNR without error, hole measures without hole."""
    identical: Tensor
    """(B,) bool, True where the picture equals the truth bit by bit."""


def eight_bit(picture: Tensor) -> Tensor:
    """Round [0, 1] to the 256 values a file can hold: float32 0, 1, ... 255."""
    return picture.float().clamp(0, 1).mul(255).round()


def judge(picture: Tensor, batch: Batch) -> Judged:
    """Compare pictures (B, C, H, W) in [0, 1] with the truth, both rounded to 8 bits.

    - PSNR = 10 log10(255^2 / MSE) in dB, of each picture by itself, over all channels.
    - SSIM with a Gaussian window of 11 pixels (sigma 1.5), per channel, over the windows that lie in the picture.
    - L1 = mean absolute difference, 0 to 1.
    - ``_hole``: the same means over hole pixels only; for SSIM the hole pixels at least 5 pixels from the edge.
    """
    first, second = eight_bit(picture), eight_bit(batch.image)
    error = first - second
    squared, absolute = error.square().mean(1, keepdim=True), error.abs().mean(1, keepdim=True)
    similarity = ssim_map(first, second).mean(1, keepdim=True)
    hole = batch.hole.float()
    margin = WINDOW // 2
    inner = hole[..., margin:-margin, margin:-margin]

    mse, mse_hole = squared.mean((1, 2, 3)), _mean(squared, hole)
    values = torch.stack(
        [
            _psnr(mse), similarity.mean((1, 2, 3)), absolute.mean((1, 2, 3)) / 255,
            _psnr(mse_hole), _mean(similarity, inner), _mean(absolute, hole) / 255,
        ],
        dim=1,
    )  # fmt: skip
    everywhere, has_hole, has_inner = torch.ones_like(mse, dtype=torch.bool), _any(hole), _any(inner)
    counted = torch.stack([mse != 0, everywhere, everywhere, has_hole & (mse_hole != 0), has_inner, has_hole], dim=1)
    return Judged(values, counted, identical=mse == 0)


def _mean(values: Tensor, region: Tensor) -> Tensor:
    """Mean of (B, 1, H, W) over the region's pixels, (B,); not a number where the region is empty."""
    # where, not a product: outside of the region a raw prediction may hold anything.
    return torch.where(region > 0, values, 0.0).sum((1, 2, 3)) / region.sum((1, 2, 3))


def _any(region: Tensor) -> Tensor:
    return (region > 0).flatten(1).any(1)


def _psnr(mse: Tensor) -> Tensor:
    return 10 * torch.log10(255**2 / mse)
