"""PConv: partial convolutions (Liu et al. 2018)."""

from inpaintlab.models.pconv.module import PConv

__all__ = ["PConv"]
