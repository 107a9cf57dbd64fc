"""Models that ``inpaintlab export`` wrote as ONNX, run by onnxruntime."""

from inpaintlab.models.exported.module import Exported

__all__ = ["Exported"]
