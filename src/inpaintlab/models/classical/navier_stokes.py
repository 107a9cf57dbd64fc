"""Inpainting by fluid dynamics (Bertalmio, Bertozzi, Sapiro 2001), by OpenCV."""

import cv2

from inpaintlab.models.classical.opencv import OpenCV


class NavierStokes(OpenCV):
    """Continue the lines of equal brightness into the hole, as a fluid flows along them."""

    flag = cv2.INPAINT_NS
