"""A method alone fills as its model does, bit by bit."""

import numpy as np
import pytest

from inpaintlab.filling.fillers import BY_METHOD
from inpaintlab.filling.pixels import complete, fill_picture
from inpaintlab.methods import Biharmonic, NavierStokes, PatchMatch, Telea
from inpaintlab.models import classical
from tests.helpers.wheels import needs_patchmatch

METHODS = [Biharmonic, NavierStokes, pytest.param(PatchMatch, marks=needs_patchmatch), Telea]


def picture(channels):
    return np.random.default_rng(channels).integers(0, 256, (90, 200, channels), dtype=np.uint8)


def two_holes():
    hole = np.zeros((90, 200), bool)
    hole[3:9, 2:14] = hole[60:75, 180:200] = True
    return hole


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strategy", BY_METHOD)
def test_the_same_bits_and_words_as_the_model(method, channels, strategy):
    pixels, hole = picture(channels), two_holes()
    said = [], []
    ours = complete(method(), pixels, hole, strategy, said[0].append)
    theirs = complete(getattr(classical, method.__name__)(), pixels, hole, strategy, said[1].append)
    assert np.array_equal(ours, theirs)
    assert np.array_equal(ours[~hole], pixels[~hole])
    assert not np.array_equal(ours, pixels)
    assert said[0] == said[1]
    assert len(said[0]) == (strategy == "auto")


@pytest.mark.parametrize("method", METHODS)
def test_where_nothing_is_known_all_is_mid_grey(method):
    pixels, hole = picture(3)[:12, :12], np.ones((12, 12), bool)
    hole[0, 0] = False
    by_model = fill_picture(getattr(classical, method.__name__)(), pixels, hole, "auto", 5).pixels
    assert np.array_equal(fill_picture(method(), pixels, hole, "auto", 5).pixels, by_model)
    assert (method().complete(pixels, np.ones((12, 12), bool)) == 128).all()
    assert np.array_equal(method().complete(pixels, np.zeros((12, 12), bool)), pixels)
