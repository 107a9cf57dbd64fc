import pytest

from inpaintlab.batch import Batch
from tests.models.contract import smooth_pictures, square_holes


@pytest.fixture
def batch():
    """A hole in the middle of one picture, at the border of the other."""
    known = square_holes(2, 32)
    known[1] = known[1].roll((8, -6), (1, 2))
    return Batch(smooth_pictures(2, 3, 32), known)
