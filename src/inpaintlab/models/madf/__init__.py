"""MADF: mask-aware dynamic filters and cascaded refinement (Zhu et al. 2021)."""

from inpaintlab.models.madf.module import MADF

__all__ = ["MADF"]
