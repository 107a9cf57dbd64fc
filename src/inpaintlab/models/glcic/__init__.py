"""GLCIC: globally and locally consistent image completion."""

from inpaintlab.models.glcic.module import GLCIC

__all__ = ["GLCIC"]
