"""Poisson blending: the gradients of one picture in the hole, the known pixels of another around it (eq. 6)."""

from functools import lru_cache

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

from inpaintlab.basics.errors import UserError


def poisson_blend(background: Tensor, known: Tensor, source: Tensor) -> Tensor:
    """Fill the hole of ``background`` so that its gradients are those of ``source``.

    Minimises, over the pixels x of the hole, the sum of ``[(x_i - x_j) - (g_i - g_j)]^2`` over all pairs of
    4-neighbours of which one at least lies in the hole, with x = y on the known pixels; g is ``source``, y is
    ``background``. Every pair counts once (Perez et al.); eq. 6 as printed would count those inside the hole twice.
    Solved exactly, in float64 on the CPU; pictures with the same mask share one factorisation.

    Args:
        background: (B, C, H, W); the values in its hole are never read.
        known: (B, 1, H, W), 1 = known, 0 = hole; a picture without known pixels raises ``UserError``.
        source: (B, C, H, W).

    Returns:
        (B, C, H, W) of the type of ``source``, the known pixels those of ``background`` bit by bit; not clipped.
    """
    height, width = known.shape[-2:]
    holes = (known[:, 0] < 0.5).flatten(1).cpu().numpy()
    if holes.all(1).any():
        picture = int(holes.all(1).argmax())
        raise UserError(f"Poisson blending: picture {picture} of the batch has no known pixel; set model.blend=none")
    gap = (background - source).detach().to(torch.float64).flatten(2).cpu().numpy()
    shift = np.zeros_like(gap)
    masks, which = np.unique(holes, axis=0, return_inverse=True)
    for number, hole in enumerate(masks):
        if hole.any():
            pictures = np.flatnonzero(which == number)
            shift[np.ix_(pictures, [*range(gap.shape[1])], hole)] = _harmonic(gap[pictures], hole, height, width)
    blended = source + torch.from_numpy(shift).unflatten(2, (height, width)).to(source)
    return torch.where(known > 0.5, background.to(source.dtype), blended)


def _harmonic(gap: np.ndarray, hole: np.ndarray, height: int, width: int) -> np.ndarray:
    """Continue ``gap`` = y - g (B, C, H * W) from the known pixels into the hole: (B, C, pixels of the hole).

    With x = g + e the normal equations of eq. 6 keep nothing on the right but the known neighbours:
    ``|N_i| e_i - sum of e_j (j in N_i, hole) = sum of y_j - g_j (j in N_i, known)``, two blocks of the Laplacian.
    """
    rows = _laplacian(height, width)[hole]
    inner, outer = rows[:, hole], rows[:, ~hole]
    right = -outer @ gap[..., ~hole].reshape(-1, outer.shape[1]).T
    # Symmetric and positive definite (a known pixel exists and the grid is connected), so no pivoting is needed.
    factor = splu(inner.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factor.solve(right).T.reshape(*gap.shape[:2], -1)


@lru_cache(maxsize=4)
def _laplacian(height: int, width: int) -> sparse.csr_array:
    """Return |N_i| on the diagonal and -1 for each 4-neighbour: (H * W, H * W); N_i ends at the picture's border."""
    return sparse.csr_array(
        sparse.kron(_path(height), sparse.eye_array(width)) + sparse.kron(sparse.eye_array(height), _path(width))
    )


def _path(length: int) -> sparse.dia_array:
    """Return the Laplacian of a row of pixels."""
    degree = np.full(length, 2.0)
    degree[0] -= 1
    degree[-1] -= 1
    return sparse.diags_array([-np.ones(length - 1), degree, -np.ones(length - 1)], offsets=[-1, 0, 1])
