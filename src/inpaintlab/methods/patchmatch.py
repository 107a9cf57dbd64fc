"""Inpainting by patches of the same picture (Barnes et al. 2009; Wexler et al. 2007), by ``pypatchmatch``."""

from types import ModuleType

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.methods.base import Method


class PatchMatch(Method):
    """Put the hole together from the patches of the same picture that agree best with what is around, coarse to fine.

    The search is random, but starts from ``seed`` for every picture: equal pictures are filled equally.
    """

    def __init__(self, patch_size: int = 3, seed: int = 0) -> None:
        """``patch_size``: radius of the patches in pixels, 3 means 7 x 7; ``seed`` of the search, 32 bits.

        Raises ``UserError`` where the library is not installed or has no native part for this platform.
        """
        if patch_size < 1:
            raise UserError(f"model.patch_size={patch_size}: expected a radius of at least 1 pixel")
        _library()
        self.patch_size, self.seed = patch_size, seed

    def fill(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one (H, W, C) uint8 picture; the library wants three channels."""
        library = _library()
        library.set_random_seed(self.seed)
        colour = np.repeat(picture, 3 // picture.shape[2], axis=2)
        filled = library.inpaint(colour, hole.astype(np.uint8), patch_size=self.patch_size)
        return filled[..., : picture.shape[2]]


def _library() -> ModuleType:
    try:
        import patchmatch
    except ImportError as error:
        raise UserError(
            "PatchMatch: pypatchmatch has no wheel for this machine; take another model, such as bundled"
        ) from error
    if not patchmatch.patchmatch_available:
        raise UserError("PatchMatch: pypatchmatch has no compiled part; try pip install --force-reinstall pypatchmatch")
    return patchmatch
