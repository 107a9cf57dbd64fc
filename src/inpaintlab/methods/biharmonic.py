"""Inpainting by biharmonic functions (Damelin, Hoang 2018), by scikit-image."""

import numpy as np

from inpaintlab.methods.base import Method


class Biharmonic(Method):
    """Fill the hole with the smooth surface whose bilaplacian is 0, joined to the known pixels in value and slope.

    One sparse linear system per picture; scikit-image cuts the result to the range of the known pixels.
    """

    eight_bit = False

    def fill(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one (H, W, C) float64 picture."""
        from skimage.restoration import inpaint_biharmonic

        return inpaint_biharmonic(picture, hole, channel_axis=-1)
