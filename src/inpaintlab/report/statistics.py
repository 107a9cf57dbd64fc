"""How sure a mean is, and whether two models differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
AT_ONCE = 4_000_000
"""Draws held in memory at a time."""


def bootstrap_intervals(values: np.ndarray, pictures: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Return the (K, 2) percentile intervals of the means of the K columns of ``values`` (n, K).

    ``pictures`` (n,) numbers the picture of each row: whole pictures are drawn, with all their rows, since the rows of
    one picture under several masks are not independent. NaN does not exist and counts nowhere; a column with an
    infinite value, or with fewer than two pictures, has the interval NaN.
    """
    _, picture = np.unique(pictures, return_inverse=True)
    count = int(picture.max()) + 1 if len(picture) else 0
    there = ~np.isnan(values)
    sums, sizes = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    finite = np.isfinite(values) | ~there
    np.add.at(sums, picture, np.where(np.isfinite(values), values, 0.0))
    np.add.at(sizes, picture, there)
    random = np.random.default_rng(seed)
    step = max(1, AT_ONCE // max(count, 1))
    means = []
    for start in range(0, resamples if count > 1 else 0, step):
        rows = min(step, resamples - start)
        drawn = random.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        weights = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)
        with np.errstate(invalid="ignore"):
            means.append((weights @ sums) / (weights @ sizes))
    intervals = np.full((values.shape[1], 2), np.nan)
    usable = finite.all(0) & ((sizes > 0).sum(0) > 1)
    if means and usable.any():
        tail = 50 * (1 - LEVEL)
        intervals[usable] = np.nanpercentile(np.concatenate(means)[:, usable], [tail, 100 - tail], axis=0).T
    return intervals


@dataclass(frozen=True)
class Paired:
    """First model minus second."""

    pictures: int
    mean: float
    """Of the differences; NaN without pictures."""
    median: float
    p: float
    """Two-sided, Wilcoxon's signed rank test; 1 where no picture differs, NaN without pictures."""


def paired(differences: np.ndarray) -> Paired:
    """Test one difference per picture, (n,); what is not finite counts nowhere."""
    from scipy.stats import wilcoxon

    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return Paired(0, float("nan"), float("nan"), float("nan"))
    p = float(wilcoxon(differences).pvalue) if differences.any() else 1.0
    return Paired(len(differences), float(differences.mean()), float(np.median(differences)), p)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p values of several tests of one question after Holm; NaN is no test and stays."""
    adjusted, running = list(p), 0.0
    order = sorted((i for i in range(len(p)) if not np.isnan(p[i])), key=lambda i: p[i])
    for rank, i in enumerate(order):
        running = max(running, min(1.0, p[i] * (len(order) - rank)))
        adjusted[i] = running
    return adjusted
