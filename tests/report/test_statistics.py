"""Against loops that draw picture by picture, and against scipy."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from inpaintlab.report import statistics
from inpaintlab.report.statistics import bootstrap_intervals, holm, paired


def slow_interval(values, pictures, resamples, seed):
    """The same draws, one picture at a time."""
    random, names, means = np.random.default_rng(seed), sorted(set(pictures)), []
    for _ in range(resamples):
        drawn = []
        for choice in random.integers(0, len(names), len(names)):
            drawn += [v for v, p in zip(values, pictures, strict=True) if p == names[choice] and not np.isnan(v)]
        means.append(np.mean(drawn) if drawn else np.nan)
    return np.nanpercentile(means, [2.5, 97.5])


@pytest.mark.parametrize("at_once", [statistics.AT_ONCE, 10])
def test_intervals_equal_a_slow_loop(monkeypatch, at_once):
    monkeypatch.setattr(statistics, "AT_ONCE", at_once)  # the draws are the same in whatever portions
    random = np.random.default_rng(3)
    values = random.normal(size=(21, 2))
    values[4, 0] = np.nan
    pictures = np.arange(21) % 7  # three masks each
    found = bootstrap_intervals(values, pictures, 100, seed=5)
    for column in range(2):
        expected = slow_interval(values[:, column], pictures.tolist(), 100, 5)
        np.testing.assert_allclose(found[column], expected, rtol=1e-12)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random, hits = np.random.default_rng(0), 0
    for trial in range(300):
        low, high = bootstrap_intervals(random.exponential(size=(60, 1)), np.arange(60), 400, trial)[0]
        hits += low <= 1.0 <= high
    assert 0.89 <= hits / 300 <= 0.98


def test_several_masks_of_a_picture_are_no_more_pictures():
    values = np.random.default_rng(1).normal(size=(40, 1))
    once = bootstrap_intervals(values, np.arange(40), 500, 0)
    repeated = bootstrap_intervals(np.tile(values, (6, 1)), np.tile(np.arange(40), 6), 500, 0)
    np.testing.assert_allclose(repeated, once, rtol=1e-12)


def test_there_is_no_interval_without_pictures_or_with_infinity():
    values = np.array([[1.0, np.inf, np.nan, 1.0], [2.0, 3.0, np.nan, np.nan]])
    found = bootstrap_intervals(values, np.arange(2), 50, 0)
    assert np.isnan(found).all(1).tolist() == [False, True, True, True]
    assert np.isnan(bootstrap_intervals(values[:1], np.arange(1), 50, 0)).all()
    assert np.isnan(bootstrap_intervals(values[:0], np.arange(0), 50, 0)).all()


def test_paired_is_scipys_test():
    differences = np.random.default_rng(2).normal(0.3, 1.0, 80)
    found = paired(np.append(differences, [np.nan, np.inf]))
    assert found.pictures == 80
    assert found.median == pytest.approx(np.median(differences), rel=1e-12)
    assert found.p == pytest.approx(wilcoxon(differences).pvalue, rel=1e-12)


def test_paired_of_nothing_and_of_no_difference():
    assert paired(np.array([])).pictures == 0
    assert np.isnan(paired(np.array([np.nan])).p)
    assert paired(np.zeros(5)).p == 1.0


def test_holm_by_hand():
    # Sorted .01 .02 .04, times 3 2 1, never falling: .03 .04 .04
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([float("nan"), 0.01])[1] == pytest.approx(0.01)
