"""Inpainting by OpenCV."""

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.methods.base import Method


class OpenCV(Method):
    """``cv2.inpaint`` on 8-bit values, grey or colour."""

    flag: int
    """OpenCV's name of the method."""

    def __init__(self, radius: float = 3) -> None:
        """``radius``: of the neighbourhood around each filled pixel, in pixels."""
        if radius <= 0:
            raise UserError(f"model.radius={radius}: expected more than 0 pixels")
        self.radius = radius

    def fill(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one (H, W, C) uint8 picture."""
        # OpenCV leaves some pixels of the border as they are, and reads beyond it where a picture is one pixel wide
        # (opencv/opencv issues 6065, 14722). A frame that belongs to the hole, and is cut off again, heals both; holes
        # further than the radius + 1 from the border are filled as without it.
        framed = np.pad(picture, ((1, 1), (1, 1), (0, 0)))
        framed_hole = np.pad(hole, 1, constant_values=True).astype(np.uint8)
        filled = cv2.inpaint(framed, framed_hole, self.radius, self.flag)
        return filled.reshape(framed.shape)[1:-1, 1:-1]


class Telea(OpenCV):
    """Fill the hole from its rim inwards with weighted means of the pixels around (Telea 2004)."""

    flag = cv2.INPAINT_TELEA


class NavierStokes(OpenCV):
    """Continue the lines of equal brightness into the hole, as a fluid flows (Bertalmio, Bertozzi, Sapiro 2001)."""

    flag = cv2.INPAINT_NS
