"""Deep Blind Image Inpainting (Liu, Pan, Su 2017): no mask is given, the whole picture is restored."""

from inpaintlab.models.blind.module import BlindInpainting

__all__ = ["BlindInpainting"]
