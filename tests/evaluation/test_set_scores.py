from types import SimpleNamespace

import numpy as np
import pytest

from inpaintlab.evaluation.set_scores import places_of, take


def job(pictures, cells, once=False):
    indices = list(range(pictures))
    own = [indices[cell::cells] if once else indices for cell in range(cells)]
    return SimpleNamespace(indices=indices, own=own, once=once)


def test_all_buckets_together_have_each_truth_once():
    """Five pictures in three buckets lie in 15 rows; the pool of all takes row i of bucket i mod 3."""
    places = places_of(job(5, 3), [0, 1, 2])
    assert places.tolist() == [0, 5 + 1, 10 + 2, 3, 5 + 4]
    assert sorted(places % 5) == [0, 1, 2, 3, 4]
    assert places_of(job(5, 3), [1]).tolist() == [5, 6, 7, 8, 9]


def test_pictures_judged_once_are_all_taken():
    assert places_of(job(5, 3, once=True), [0, 1, 2]).tolist() == [0, 1, 2, 3, 4]
    assert places_of(job(5, 3, once=True), [1]).tolist() == [2, 3]


@pytest.mark.parametrize("rows", [[2, 3, 4], [0, 4, 2]])
def test_rows_are_taken_in_their_order(rows, tmp_path):
    features = np.random.default_rng(0).random((6, 3), np.float32)
    assert np.array_equal(take({"features": features}, np.array(rows), tmp_path / "x")["features"], features[rows])
