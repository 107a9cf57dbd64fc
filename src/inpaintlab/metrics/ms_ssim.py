"""Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.pair import Pair
from inpaintlab.metrics.ssim import WINDOW, gaussian, ssim_factors

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The paper's weight of each scale, the finest first."""
LEAST = (WINDOW - 1) * 2 ** (len(EXPONENTS) - 1) + 1
"""The smallest side whose coarsest scale still holds a window."""


def ms_ssim(pair: Pair) -> Tensor:
    """Return the similarity of each output to the truth, (O,): the mean over channels.

    Of each scale but the coarsest the mean contrast-structure counts, of the coarsest the mean SSIM; a negative mean
    counts as 0. Windows as in SSIM (Gaussian, 11 pixels, inside of the picture); from scale to scale 2 x 2 pixels are
    averaged, of an odd last row or column what there is. Pictures with a side below 161 pixels raise ``UserError``.
    """
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
    return product.mean(-1)
