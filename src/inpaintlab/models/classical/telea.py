"""Inpainting by the fast marching method (Telea 2004), by OpenCV."""

import cv2

from inpaintlab.models.classical.opencv import OpenCV


class Telea(OpenCV):
    """Fill the hole from its rim inwards with weighted means of the pixels around."""

    flag = cv2.INPAINT_TELEA
