"""Inpainting by least total variation (Rudin, Osher, Fatemi 1992), by a primal-dual method (Chambolle, Pock 2011)."""

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical.base import ClassicalModule

CHECK_EVERY = 50
"""Iterations between two looks at the duality gap, which costs about two of them."""


class TotalVariation(ClassicalModule):
    """Fill the hole with the values that make TV(x) = sum of |gradient of x| least, each channel by itself.

    Isotropic, forward differences, nothing beyond the border. The search for a picture ends when its duality gap,
    which bounds how far its TV is above the least possible one, is at most ``tolerance`` per value in the hole.
    """

    def __init__(self, tolerance: float = 1e-4, max_iterations: int = 10000, primal_step: float = 0.05) -> None:
        """``tolerance``: of TV per value in the hole, for values in [0, 1]; below about 1e-6 only float64 gets there.

        ``max_iterations``: where it gives up.

        ``primal_step``: tau of the method; the dual step sigma is 1 / (8 tau), since |gradient|^2 <= 8.
        """
        super().__init__()
        for name, value in (("tolerance", tolerance), ("primal_step", primal_step), ("max_iterations", max_iterations)):
            if value <= 0:
                raise UserError(f"model.{name}={value}: expected more than 0")
        self.save_hyperparameters()

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Minimise, see the base; a picture whose gap is small leaves the batch."""
        low, high = _range(seen, known)
        filled = torch.where(known, seen, _mean(seen, known))
        active = torch.arange(len(seen), device=seen.device)
        state = _start(filled)
        for iteration in range(1, self.hparams.max_iterations + 1):
            state = self._step(*state, known[active], low[active], high[active])
            if iteration % CHECK_EVERY == 0:
                filled[active] = state[0]
                gap = duality_gap(state[0], state[2], known[active], low[active], high[active])
                values = (~known[active]).sum((1, 2, 3)) * seen.shape[1]
                going = gap > self.hparams.tolerance * values
                if not going.any():
                    return filled
                active, state = active[going], (state[0][going], state[1][going], state[2][:, going])
        filled[active] = state[0]
        return filled

    def _step(
        self, x: Tensor, ahead: Tensor, dual: Tensor, known: Tensor, low: Tensor, high: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Move the dual against ``ahead``, then the hole; the third is changed in place."""
        tau = self.hparams.primal_step
        add_gradient_(dual, ahead, 1 / (8 * tau))
        dual /= torch.hypot(dual[0], dual[1]).clamp_(min=1)
        # The least TV lies within the range of the known pixels: cutting a picture to it never adds variation.
        moved = torch.where(known, x, torch.minimum(torch.maximum(x - tau * adjoint(dual), low), high))
        return moved, 2 * moved - x, dual


def _start(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return x, x, x.new_zeros(2, *x.shape)


def _mean(seen: Tensor, known: Tensor) -> Tensor:
    return seen.sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)


def _range(seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return least and greatest known value of each channel, (B, C, 1, 1)."""
    low = torch.where(known, seen, torch.inf).amin((2, 3), keepdim=True)
    return low, torch.where(known, seen, -torch.inf).amax((2, 3), keepdim=True)


def add_gradient_(dual: Tensor, x: Tensor, factor: float) -> Tensor:
    """Add ``factor`` times the forward differences of x (..., H, W), down and right, to ``dual`` (2, ..., H, W)."""
    dual[0, ..., :-1, :] += factor * (x[..., 1:, :] - x[..., :-1, :])
    dual[1, ..., :-1] += factor * (x[..., 1:] - x[..., :-1])
    return dual


def adjoint(dual: Tensor) -> Tensor:
    """Return the gradient's adjoint, minus the divergence, (2, ..., H, W) -> (..., H, W).

    ``dual`` is 0 where there is no difference: [0] in the last row, [1] in the last column.
    """
    result = -dual[0] - dual[1]
    result[..., 1:, :] += dual[0, ..., :-1, :]
    result[..., 1:] += dual[1, ..., :-1]
    return result


def total_variation(x: Tensor) -> Tensor:
    """Return the isotropic total variation of each picture, summed over its channels: (B, C, H, W) -> (B,)."""
    gradient = add_gradient_(x.new_zeros(2, *x.shape), x, 1)
    return torch.hypot(gradient[0], gradient[1]).sum((1, 2, 3))


def duality_gap(x: Tensor, dual: Tensor, known: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return how far TV(x) can at most be above the least one, (B,).

    For any |dual| <= 1 the least TV is at least the least value of <x, adjoint(dual)> over all x with the same known
    pixels and values in [low, high], and that is a sum over pixels.
    """
    slope = adjoint(dual)
    bound = torch.where(known, x * slope, torch.minimum(slope * low, slope * high)).sum((1, 2, 3))
    return total_variation(x) - bound
