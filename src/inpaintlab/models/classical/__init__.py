"""Methods that need no training; they are judged and applied like any model."""

from inpaintlab.models.classical.low_rank import LowRank
from inpaintlab.models.classical.mean_color import MeanColor
from inpaintlab.models.classical.nearest_patch import NearestPatch
from inpaintlab.models.classical.picture_by_picture import Biharmonic, NavierStokes, PatchMatch, Telea
from inpaintlab.models.classical.total_variation import TotalVariation
from inpaintlab.models.classical.unchanged import Unchanged

__all__ = [
    "Biharmonic",
    "LowRank",
    "MeanColor",
    "NavierStokes",
    "NearestPatch",
    "PatchMatch",
    "Telea",
    "TotalVariation",
    "Unchanged",
]
