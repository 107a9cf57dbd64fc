"""Inpaint Lab: train, judge and compare image-inpainting models.

    model = inpaintlab.load("runs/mine/checkpoints/best.ckpt")  # or "telea", or weights that authors released
    filled = inpaintlab.fill(model, image, hole)                # PIL, NumPy or tensor; the same type, size, mode out
    scores = inpaintlab.score(filled, truth, hole)
    cfg = inpaintlab.compose("model=madf", "data=folder")       # what the command line composes

Nothing heavy is imported before one of the names is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inpaintlab.basics.composing import compose
    from inpaintlab.basics.errors import UserError
    from inpaintlab.batch import Batch
    from inpaintlab.evaluation.front import score
    from inpaintlab.filling.front import fill
    from inpaintlab.models.base import InpaintingModule
    from inpaintlab.models.loading import load

__version__ = "0.1.0"
__all__ = ["Batch", "InpaintingModule", "UserError", "compose", "fill", "load", "score"]
_HOMES = {
    "Batch": "batch",
    "InpaintingModule": "models.base",
    "UserError": "basics.errors",
    "compose": "basics.composing",
    "fill": "filling.front",
    "load": "models.loading",
    "score": "evaluation.front",
}


def __getattr__(name: str) -> Any:
    """Import a name of the front door when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'inpaintlab' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"inpaintlab.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the front door."""
    return [*__all__, "__version__"]
