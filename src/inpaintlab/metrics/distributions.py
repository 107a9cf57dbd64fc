"""Measures between two sets of pictures, from their features: FID, KID, Inception score, P-IDS and U-IDS.

Features are rows of an (N, D) array or memory map; they are read in blocks and worked on in float64, so memory does
not grow with N (P-IDS and U-IDS excepted: their machine is fitted on all rows at once).
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.feature_rows import BLOCK, Matrix, gaussian, list_blocks, read_rows

NAMES = ("fid", "kid", "inception_score", "p_ids", "u_ids")
"""What ``measure`` can compute; ``ids`` stands for the last two."""
FEW = 10_000
"""Below so many pictures a value says as much about their number as about the pictures."""
SUBSETS, SUBSET = 100, 1000
"""KID: number of subsets and pictures in each, as in torch-fidelity."""
SPLITS = 10
"""Inception score: number of parts, as in torch-fidelity."""


class Value(NamedTuple):
    """One measure of one set of pictures."""

    value: float | None
    """None where it does not exist; the note says why."""
    n: int
    """Number of pictures judged (of the smaller set)."""
    note: str
    """What must be said beside the value; may be empty."""


def measure(
    names: Collection[str], real: ArrayLike, fake: ArrayLike, logits: ArrayLike | None = None, seed: int = 0
) -> dict[str, float | None]:
    """Return the numbers of ``examine`` alone."""
    return {name: answer.value for name, answer in examine(names, real, fake, logits, seed).items()}


def examine(
    names: Collection[str], real: ArrayLike, fake: ArrayLike, logits: ArrayLike | None = None, seed: int = 0
) -> dict[str, Value]:
    """Compute the measures ``names`` (of ``NAMES``, or ``ids``) with what must be said beside them.

    Args:
        names: see ``NAMES``; a word that is not among them raises ``UserError``.
        real: (N, D) features of true pictures.
        fake: (M, D) features of the judged pictures; for P-IDS row i belongs to row i of ``real``.
        logits: (M, K) of the judged pictures, for the Inception score.
        seed: of the subsets of KID and the order of the Inception score.
    """
    unknown = set(names) - {*NAMES, "ids"}
    if unknown:
        raise UserError(f"measures={sorted(unknown)[0]}: expected some of {', '.join(NAMES)}, ids")
    wanted = [name for name in NAMES if name in names or (name.endswith("_ids") and "ids" in names)]
    n = min(len(real), len(fake))
    if n < 2:
        return {name: Value(None, n, "needs at least two pictures") for name in wanted}
    values: dict[str, tuple[float | None, str]] = {}
    if "fid" in wanted:
        values["fid"] = (fid(real, fake), "")
    if "kid" in wanted:
        size = min(SUBSET, n)
        mean, deviation = kid(real, fake, seed, size=size)
        whole = size == len(real) == len(fake)
        values["kid"] = (mean, "" if whole else f"deviation {deviation:.2g} over {SUBSETS} subsets of {size}")
    if "inception_score" in wanted:
        values["inception_score"] = _score(logits, seed)
    if "p_ids" in wanted or "u_ids" in wanted:
        values.update(_discriminability(real, fake))
    return {name: Value(values[name][0], n, _noted(values[name][1], n)) for name in wanted}


def fid(real: ArrayLike, fake: ArrayLike) -> float:
    """Return the Frechet distance |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of (N, D) and (M, D) features.

    With S = F^T F, the last trace is the sum of the singular values of F1 F2^T, which stays exact where a covariance
    is singular (fewer pictures than features). The covariances divide by N - 1. NaN for fewer than two pictures.
    """
    if min(len(real), len(fake)) < 2:
        return float("nan")
    (mean1, root1), (mean2, root2) = (gaussian(features) for features in (real, fake))
    shared = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    distance = np.square(mean1 - mean2).sum() + np.square(root1).sum() + np.square(root2).sum() - 2 * shared
    return max(float(distance), 0.0)  # alike sets may come out below zero by rounding


def kid(
    real: ArrayLike, fake: ArrayLike, seed: int = 0, subsets: int = SUBSETS, size: int = SUBSET
) -> tuple[float, float]:
    """Return mean and deviation over ``subsets`` draws of the unbiased MMD^2 with the kernel (x.y / D + 1)^3.

    Each draw takes ``size`` rows of either set without repetition; more than there are rows raise ``UserError``.
    The draws are those of torch-fidelity for ``rng_seed=seed``. Slightly negative means are in order.
    """
    least = min(len(real), len(fake))
    if not 2 <= size <= least:
        raise UserError(f"kid: subsets of {size} pictures cannot be drawn from {least}; choose 2 to {least}")
    if size == len(real) == len(fake):  # every draw would be the whole
        return _mmd(*_kernels(read_rows(real), read_rows(fake))), 0.0
    generator = np.random.RandomState(seed)
    # Of a small set every pair is drawn many times over: its kernels are computed once.
    whole = _kernels(read_rows(real), read_rows(fake)) if max(len(real), len(fake)) <= BLOCK else None
    distances = []
    for _ in range(subsets):
        i, j = (generator.choice(len(x), size, replace=False) for x in (real, fake))
        if whole is None:
            distances.append(_mmd(*_kernels(read_rows(real, i), read_rows(fake, j))))
        else:
            distances.append(_mmd(whole[0][np.ix_(i, i)], whole[1][np.ix_(j, j)], whole[2][np.ix_(i, j)]))
    return float(np.mean(distances)), float(np.std(distances))


def inception_score(logits: ArrayLike, seed: int = 0, splits: int = SPLITS) -> tuple[float, float]:
    """Return mean and deviation over ``splits`` parts of exp(mean KL(p(y|x) || p(y))), from (N, K) logits.

    The rows are shuffled as torch-fidelity does with ``rng_seed=seed``. Fewer rows than parts raise ``UserError``.
    """
    count = len(logits)
    if count < splits:
        raise UserError(f"inception_score: needs at least {splits} pictures, got {count}")
    order = np.random.RandomState(seed).permutation(count)
    scores = [_split_score(logits, order[i * count // splits : (i + 1) * count // splits]) for i in range(splits)]
    return float(np.mean(scores)), float(np.std(scores))


def ids(real: ArrayLike, fake: ArrayLike) -> tuple[float, float]:
    """Return P-IDS and U-IDS in percent (0 = told apart, U-IDS 50 = alike) of paired (N, D) features.

    As co-mod-gan and MAT define them: a linear support vector machine is fitted to tell real from fake and asked about
    the same rows. U-IDS is the share of rows it gets wrong, P-IDS the share of pairs whose fake it finds more real.
    """
    try:
        from sklearn.svm import LinearSVC
    except ModuleNotFoundError as error:
        raise UserError("measures=ids: needs scikit-learn; pip install 'inpaintlab[metrics]'") from error
    if len(real) != len(fake) or len(real) == 0:
        raise UserError(f"p_ids, u_ids: need pairs, got {len(real)} real and {len(fake)} judged pictures")
    first, second = read_rows(real), read_rows(fake)
    rows, labels = np.concatenate([first, second]), np.repeat([1, 0], len(first))
    machine = LinearSVC(dual=False).fit(rows, labels)
    p_ids = np.mean(machine.decision_function(second) > machine.decision_function(first))
    return 100 * float(p_ids), 100 * (1 - float(machine.score(rows, labels)))


def _score(logits: ArrayLike | None, seed: int) -> tuple[float | None, str]:
    if logits is None:
        return None, "the network has no classes"
    if len(logits) < SPLITS:
        return None, f"needs at least {SPLITS} pictures"
    mean, deviation = inception_score(logits, seed)
    return mean, f"deviation {deviation:.2g} over {SPLITS} parts"


def _discriminability(real: ArrayLike, fake: ArrayLike) -> dict[str, tuple[float, str]]:
    values = ids(real, fake)
    # With more features than rows a plane between the sets nearly always exists, whatever the pictures.
    wide = 2 * len(real) <= np.shape(real)[1]
    note = "fewer pictures than features: separable whatever they show" if wide else ""
    return {"p_ids": (values[0], note), "u_ids": (values[1], note)}


def _noted(note: str, n: int) -> str:
    return "; ".join(part for part in (note, f"under {FEW:,} pictures" if n < FEW else "") if part)


def _kernels(first: Matrix, second: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return the polynomial kernel of all pairs: among the first, among the second, across."""
    pairs = ((first, first), (second, second), (first, second))
    return tuple((a @ b.T / a.shape[1] + 1) ** 3 for a, b in pairs)


def _mmd(first: Matrix, second: Matrix, across: Matrix) -> float:
    """Unbiased MMD^2 of two sets of as many rows, from their kernels."""
    count = len(first)
    own = sum((kernel.sum() - np.trace(kernel)) / (count * (count - 1)) for kernel in (first, second))
    return float(own - 2 * across.mean())


def _split_score(logits: ArrayLike, index: NDArray) -> float:
    """exp of the mean over rows of KL(p || mean p) = exp(entropy of the mean - mean entropy)."""
    total, negative_entropy = 0.0, 0.0
    for block in list_blocks(logits, index):
        shifted = block - block.max(1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        p = np.exp(log_p)
        total = total + p.sum(0)
        negative_entropy += (p * log_p).sum()
    mean = total / len(index)
    entropy = -(mean[mean > 0] * np.log(mean[mean > 0])).sum()
    return float(np.exp(negative_entropy / len(index) + entropy))
