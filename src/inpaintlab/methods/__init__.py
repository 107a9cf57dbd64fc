"""Fills of one picture by other libraries, in NumPy: free of torch, so that a picture is filled before it is imported.

``models.classical`` makes a model of each, under the same name, that is judged and applied like any other.
"""

from inpaintlab.methods.base import Method
from inpaintlab.methods.biharmonic import Biharmonic
from inpaintlab.methods.opencv import NavierStokes, Telea
from inpaintlab.methods.patchmatch import PatchMatch

__all__ = ["Biharmonic", "Method", "NavierStokes", "PatchMatch", "Telea"]
