"""LaMa: large mask inpainting with Fourier convolutions (Suvorov et al. 2022)."""

from inpaintlab.models.lama.module import LaMa

__all__ = ["LaMa"]
