import math
from types import SimpleNamespace

import pytest

from inpaintlab.evaluation.predictions import Work
from inpaintlab.evaluation.processes import ProcessGroup
from inpaintlab.evaluation.setup import Setup


def evaluation_of(pictures, cells, batch_size, rank=0, size=1, save=24):
    indices = list(range(100, 100 + pictures))
    made = Setup(
        cfg=SimpleNamespace(save=save, pairing="each"), group=ProcessGroup(rank, size), model=None, data=None,
        cells=[None] * cells, pictures=None, indices=indices, own=[indices] * cells, batch_size=batch_size,
        protocols={}, features=None,
    )  # fmt: skip
    assert made.batches(0) == math.ceil(pictures / batch_size)
    return made


@pytest.mark.parametrize(("pictures", "cells", "batch_size"), [(7, 3, 2), (1, 1, 16), (10, 2, 3), (5, 7, 1)])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_every_picture_of_every_cell_is_judged_once_in_the_same_batches(pictures, cells, batch_size, size):
    alone = list(Work(evaluation_of(pictures, cells, batch_size), set()))
    shared = [
        keys for rank in range(size) for keys in Work(evaluation_of(pictures, cells, batch_size, rank, size), set())
    ]
    assert sorted(shared) == sorted(alone)
    every = [key for keys in shared for key in keys]
    assert sorted(every) == [(cell, 100 + picture) for cell in range(cells) for picture in range(pictures)]


def test_what_is_done_is_left_out_whoever_did_it():
    done = {(0, 0), (1, 3)}
    left = [key for rank in range(3) for key in Work(evaluation_of(7, 2, 2, rank, 3), done).keys]
    assert sorted(left) == [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("save", "saved"), [(0, []), (1, [0]), (3, [0, 3, 6]), ("all", list(range(10))), (24, list(range(10)))]
)
def test_saved_pictures_are_spread_evenly(save, saved):
    made = evaluation_of(10, 1, 4, save=save)
    assert [position for position in range(10) if made.is_saved(0, position)] == saved
