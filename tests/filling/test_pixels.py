import numpy as np
import pytest

from inpaintlab.filling.pixels import complete
from inpaintlab.methods import Telea
from tests.filling.toy import MeanOfKnown, hole_of, picture

HOLE = hole_of((20, 20, 40, 60), (560, 640, 564, 644), height=600, width=700)[0, 0].numpy()
PIXELS = (255 * picture(600, 700)[0].permute(1, 2, 0).numpy()).astype(np.uint8)


@pytest.mark.parametrize("name", ["auto", "crop"])
@pytest.mark.parametrize("model", [MeanOfKnown(), Telea()])
def test_only_crops_are_looked_at(name, model, monkeypatch):
    """So that the memory follows the holes: what becomes floats is a crop, however far the holes are apart."""
    sizes, fill = [], getattr(type(model), "inpaint" if model.trained_size else "fill")

    def told(self, picture, *others):
        sizes.append(tuple(picture.shape[-2:] if model.trained_size else picture.shape[:2]))
        return fill(self, picture, *others)

    monkeypatch.setattr(type(model), fill.__name__, told)
    completed = complete(model, PIXELS, HOLE, name)
    assert max(sizes) <= (64 + 20 + 64, 64 + 40 + 64)
    assert np.array_equal(completed[~HOLE], PIXELS[~HOLE])
    assert not np.array_equal(completed[HOLE], PIXELS[HOLE])


def test_a_picture_that_may_not_be_written_to_stays_as_it_is():
    pixels = PIXELS.copy()
    pixels.flags.writeable = False
    assert not np.array_equal(complete(MeanOfKnown(), pixels, HOLE)[HOLE], PIXELS[HOLE])
    assert np.array_equal(pixels, PIXELS)
