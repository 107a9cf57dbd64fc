"""Seeds that belong to keys: what is drawn follows from the key alone."""

from collections.abc import Sequence

import numpy as np


def seed_of(key: int | Sequence[int]) -> int:
    """Return a whole number of 63 bits for whole numbers that are not negative; ``manual_seed`` takes no more."""
    # Python's shift: NumPy below 2 shifts no unsigned number.
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]) >> 1
