"""The context encoder of Pathak et al. 2016."""

from inpaintlab.models.pathak.module import PathakContextEncoder

__all__ = ["PathakContextEncoder"]
