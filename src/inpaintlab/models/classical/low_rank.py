"""Completion by least nuclear norm (Candes, Recht 2009), by ADMM with singular value thresholding (Cai et al. 2010)."""

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical.base import ClassicalModule, in_float64

OVER_RELAXATION = 1.6
"""Boyd et al. 2011, section 3.4.3, advise 1.5 to 1.8."""


class LowRank(ClassicalModule):
    """Fill the hole with the values that make the sum of the singular values of each channel (H x W) least.

    Ends for a channel when both residuals of ADMM are at most ``tolerance`` of the channel's Euclidean norm. A row or
    column without a known pixel is filled with black: that adds nothing to the norm.
    """

    def __init__(self, tolerance: float = 1e-4, max_iterations: int = 1000, threshold: float = 0.03) -> None:
        """``threshold``: how much singular values shrink per iteration, as a share of the largest one at the start.

        It sets the pace, not the result; ``max_iterations``: where it gives up.
        """
        super().__init__()
        for name, value in (("tolerance", tolerance), ("threshold", threshold), ("max_iterations", max_iterations)):
            if value <= 0:
                raise UserError(f"model.{name}={value}: expected more than 0")
        self.save_hyperparameters()

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Complete every channel by itself, see the base."""
        channels = in_float64(seen).flatten(0, 1)
        here = known.to(channels.device).expand(seen.shape).flatten(0, 1)
        settings = (self.hparams.threshold, self.hparams.tolerance, self.hparams.max_iterations)
        # One by one: eigenvalues, which take most of the time, are computed so anyway, and the rounding of a batched
        # product depends on the rest of the batch.
        completed = [complete(*pair, *settings) for pair in zip(channels, here, strict=True)]
        return torch.stack(completed).reshape(seen.shape)


def complete(seen: Tensor, known: Tensor, threshold: float, tolerance: float, max_iterations: int) -> Tensor:
    """Complete a matrix (H, W), 0 where ``known`` (H, W) is False; for the settings see ``LowRank``.

    ADMM for min ||X||_* subject to X = Z, Z = seen where known: X = shrink(Z - U), Z = X + U outside of the known,
    U = U + X - Z. The result is Z, which agrees with the known entries exactly.
    """
    z, u = seen, torch.zeros_like(seen)
    amount = threshold * torch.linalg.matrix_norm(seen, 2)
    for _ in range(max_iterations):
        x = OVER_RELAXATION * shrink(z - u, amount) + (1 - OVER_RELAXATION) * z
        before, z = z, torch.where(known, seen, x + u)
        u = u + x - z
        if torch.maximum((x - z).norm(), (z - before).norm()) <= tolerance * z.norm():
            break
    return z


def shrink(matrix: Tensor, amount: Tensor) -> Tensor:
    """Lower every singular value of (H, W) by ``amount``, down to 0 at most."""
    if matrix.shape[0] > matrix.shape[1]:
        return shrink(matrix.mT, amount).mT
    # The Gram matrix of the shorter side: several times faster than an SVD. It blurs singular values below 1e-8 of the
    # largest, and those are far below the threshold.
    squares, vectors = torch.linalg.eigh(matrix @ matrix.mT)
    values = squares.clamp(min=0).sqrt()
    factor = torch.where(values > amount, 1 - amount / values, 0)
    return (vectors * factor) @ (vectors.mT @ matrix)
