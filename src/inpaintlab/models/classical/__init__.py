"""Methods that need no training; they are judged and applied like any model."""

from inpaintlab.models.classical.mean_color import MeanColor
from inpaintlab.models.classical.telea import Telea
from inpaintlab.models.classical.unchanged import Unchanged

__all__ = ["MeanColor", "Telea", "Unchanged"]
