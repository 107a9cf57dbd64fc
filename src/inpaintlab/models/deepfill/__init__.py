"""DeepFill v1 (Yu et al. 2018) and v2 (Yu et al. 2019)."""

from inpaintlab.models.deepfill.module import DeepFill

__all__ = ["DeepFill"]
