"""Features as they are read from arrays or memory maps: in blocks, in float64."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 4096
"""Rows read at once."""

Matrix = NDArray[np.float64]


def read_rows(features: ArrayLike, index: NDArray | None = None) -> Matrix:
    """Return the rows ``index`` (None: all) in float64."""
    return np.asarray(features if index is None else features[index], dtype=np.float64)


def list_blocks(features: ArrayLike, index: NDArray | None = None) -> Iterator[Matrix]:
    """Give the rows ``index`` (None: all) in float64, ``BLOCK`` at a time."""
    for start in range(0, len(features if index is None else index), BLOCK):
        part = slice(start, start + BLOCK)
        yield read_rows(features[part] if index is None else features[index[part]])


def gaussian(features: ArrayLike) -> tuple[Matrix, Matrix]:
    """Return the mean (D,) of (N, D) features and F (min(N, D), D) with F^T F = their covariance (by N - 1)."""
    count, width = len(features), np.shape(features)[1]
    mean = sum(block.sum(0) for block in list_blocks(features)) / count
    if count <= width:
        return mean, (read_rows(features) - mean) / np.sqrt(count - 1)
    covariance = np.zeros((width, width))
    for block in list_blocks(features):
        centred = block - mean
        covariance += centred.T @ centred
    values, vectors = np.linalg.eigh(covariance / (count - 1))
    # What rounding leaves of a zero eigenvalue would enter as its square root, a far larger number.
    values = np.where(values > values[-1] * width * np.finfo(np.float64).eps, values, 0.0)
    return mean, np.sqrt(values)[:, None] * vectors.T
