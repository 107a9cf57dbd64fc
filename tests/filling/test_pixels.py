import numpy as np
import pytest

from inpaintlab.filling import strategy
from inpaintlab.filling.pixels import complete
from tests.filling.toy import MeanOfKnown, hole_of, picture

HOLE = hole_of((300, 400, 310, 440), (420, 470, 424, 474), height=600, width=700)[0, 0].numpy()
PIXELS = (255 * picture(600, 700)[0].permute(1, 2, 0).numpy()).astype(np.uint8)


@pytest.mark.parametrize("name", ["auto", "crop"])
def test_memory_follows_the_holes_and_no_bit_changes(name, monkeypatch):
    sizes, whole = [], strategy.complete

    def told(model, image, *others):
        sizes.append(tuple(image.shape[-2:]))
        return whole(model, image, *others)

    monkeypatch.setattr(strategy, "complete", told)
    near = complete(MeanOfKnown(), PIXELS, HOLE, name)
    monkeypatch.setattr(strategy, "where_seen", lambda *words: (slice(None), slice(None)))
    assert np.array_equal(near, complete(MeanOfKnown(), PIXELS, HOLE, name))
    assert sizes == [(252, 202), (600, 700)]
    assert np.array_equal(near[~HOLE], PIXELS[~HOLE])


def test_a_picture_that_may_not_be_written_to_stays_as_it_is():
    pixels = PIXELS.copy()
    pixels.flags.writeable = False
    assert not np.array_equal(complete(MeanOfKnown(), pixels, HOLE)[HOLE], PIXELS[HOLE])
    assert np.array_equal(pixels, PIXELS)
