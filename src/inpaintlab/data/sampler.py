"""The order in which pictures are served, as a pure function of (seed, epoch)."""

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

Key = tuple[int, int]
"""(epoch, index): everything random about an item follows from it and the seed."""


class KeyedSampler(Sampler[Key]):
    """Serve (epoch, index) keys to one rank.

    Shuffled (training), the order is a permutation of all pictures from (seed, epoch), of which rank r of R takes every
    R-th, and a remainder that would give ranks unequal numbers is left out. Unshuffled (validation, test), the epoch is
    always 0 and every picture is served exactly once by exactly one rank, so that none counts twice.

    ``clock`` tells the epoch when an iteration begins; without it each iteration is the next epoch. ``start`` is the
    (epoch, item of this rank) where a run was interrupted; no epoch before it is served. The length stays that of a
    full epoch, because Lightning counts batches from the epoch's beginning.
    """

    # No set_epoch: the number Lightning hands to it runs ahead of the epoch after some resumes.

    def __init__(
        self,
        length: int,
        seed: int,
        *,
        shuffle: bool,
        rank: int = 0,
        ranks: int = 1,
        clock: Callable[[], int] | None = None,
        start: tuple[int, int] = (0, 0),
    ) -> None:
        self.length, self.seed, self.shuffle, self.rank, self.ranks = length, seed, shuffle, rank, ranks
        self.clock, self.start = clock, start
        self._next = start[0]

    def __len__(self) -> int:
        if self.shuffle:
            return self.length // self.ranks
        return len(range(self.rank, self.length, self.ranks))

    def __iter__(self) -> Iterator[Key]:
        if not self.shuffle:
            return iter([(0, index) for index in range(self.rank, self.length, self.ranks)])
        epoch = max(self.clock(), self.start[0]) if self.clock else self._next
        self._next = epoch + 1
        order = np.random.default_rng([self.seed, epoch]).permutation(self.length)[self.rank :: self.ranks]
        begin = self.start[1] if epoch == self.start[0] else 0
        return iter([(epoch, int(index)) for index in order[begin : len(self)]])
