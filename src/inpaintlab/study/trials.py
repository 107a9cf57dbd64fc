"""Which pairs a participant sees, in which order and on which sides: a pure function of (study, participant)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product, zip_longest
from random import Random
from typing import Any

from inpaintlab.records.cells import Cell
from inpaintlab.study.definition import Study

Comparison = tuple[tuple[str, str], float | None]
"""Two methods, and the seconds that they are shown."""


@dataclass(frozen=True)
class Trial:
    """One question: the same picture and holes, completed by two methods."""

    item: Mapping[str, Any]
    left: str
    right: str
    exposure: float | None


def comparisons(study: Study) -> list[Comparison]:
    """Return every pair of methods at every exposure."""
    return list(product(combinations(study.methods, 2), study.exposures))


def count(study: Study) -> int:
    """Return the number of questions for each participant."""
    every = len(comparisons(study)) * len(study.items)
    return every if study.trials is None else min(study.trials, every)


def plan(study: Study, participant: str) -> list[Trial]:
    """Return the participant's trials in order.

    Comparisons occur equally often (their numbers differ by one at most), each on pictures from all cells and never
    twice on the same one; a pair's methods are as often left as right, again but for one. A picture comes back in
    another comparison only after all have had their turn.
    """
    rng = Random(f"{study.seed}/{participant}")  # seeded with text: the same in every process and version
    rivals = comparisons(study)
    rng.shuffle(rivals)
    deck = _deck(study.items, rng)
    total, begin, flip = count(study), 0, rng.randrange(2)
    trials = []
    for number, ((first, second), exposure) in enumerate(rivals):
        share = total // len(rivals) + (number < total % len(rivals))
        swaps = [(turn + number + flip) % 2 for turn in range(share)]
        rng.shuffle(swaps)
        for turn, swap in enumerate(swaps):
            item = deck[(begin + turn) % len(deck)]
            trials.append(Trial(item, *((second, first) if swap else (first, second)), exposure))
        begin += share
    rng.shuffle(trials)
    return trials


def _deck(items: Sequence[Mapping[str, Any]], rng: Random) -> list[Mapping[str, Any]]:
    """Shuffle the pictures so that any stretch of them takes the cells in turn."""
    cells: dict[Cell, list[Mapping[str, Any]]] = {}
    for item in items:
        cells.setdefault(Cell.read(item), []).append(item)
    piles = list(cells.values())
    rng.shuffle(piles)
    for pile in piles:
        rng.shuffle(pile)
    return [item for turn in zip_longest(*piles) for item in turn if item is not None]
