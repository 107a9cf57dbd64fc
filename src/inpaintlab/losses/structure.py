"""Losses on structure and on the logarithm of the error; pure functions that can be differentiated."""

import torch
import torch.nn.functional as F
from torch import Tensor


def log_error(completed: Tensor, image: Tensor, known: Tensor, floor: float = 2e-3) -> Tensor:
    """Natural logarithm of the mean squared error in the hole, averaged over the batch.

    ``mean over b of ln(|| (1 - M) (I_comp - I_gt) ||^2 / (C sum(1 - M)) + floor)``: each picture counts alike, whatever
    the size of its hole, as it does in the mean of PSNR, of which this is -ln(10)/10 times, but for the floor. Without
    a floor the gradient, which is divided by the error, would be that of smooth skies, where nothing is left to learn.
    """
    hole = 1 - known
    squares = (hole * (completed - image)).square().sum((1, 2, 3))
    pixels = hole.sum((1, 2, 3)).clamp_min(1) * image.shape[1]
    return torch.log(squares / pixels + floor).mean()


def structural_dissimilarity(
    completed: Tensor, image: Tensor, known: Tensor, window: int = 7, stride: int = 1
) -> Tensor:
    """``1 - SSIM`` (Wang et al. 2004, eq. 13), averaged over the hole of each picture, then over the batch.

    Windows are squares of ``window`` pixels with equal weights, for speed, one on every ``stride``-th pixel of each
    row and column; those that reach beyond the border use what lies inside. ``completed`` is the composited picture,
    so that windows on the rim see what they will be judged with.
    """
    means = [
        F.avg_pool2d(x, window, stride, padding=window // 2, count_include_pad=False)
        for x in (completed, image, completed * completed, image * image, completed * image)
    ]
    mean_c, mean_i, square_c, square_i, product = means
    variances = square_c - mean_c.square() + square_i - mean_i.square()
    covariance = product - mean_c * mean_i
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_c * mean_i + c1) / (mean_c.square() + mean_i.square() + c1)
    ssim = luminance * (2 * covariance + c2) / (variances + c2)
    hole = 1 - known[..., ::stride, ::stride]
    each = (hole * (1 - ssim)).sum((1, 2, 3)) / (hole.sum((1, 2, 3)).clamp_min(1) * image.shape[1])
    return each.mean()
