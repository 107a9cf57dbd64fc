"""Semantic inpainting by latent search in a DCGAN (Yeh et al. 2016)."""

from inpaintlab.models.dcgan.module import DCGAN

__all__ = ["DCGAN"]
