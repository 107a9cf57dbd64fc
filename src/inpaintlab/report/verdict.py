"""What stands on top: which model wins, by how much, how sure that is, and where the measures disagree."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from inpaintlab.records.cells import Cell, View
from inpaintlab.records.measures import MEASURES, TABLE
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group
from inpaintlab.report.significance import ALPHA, p_text, tests_of
from inpaintlab.report.statistics import Paired

PERCEPTUAL = tuple(measure.name for measure in TABLE if measure.perceptual and measure.of == "picture")


@dataclass(frozen=True)
class Duel:
    """Two models by one measure: the first one's side."""

    first: str
    second: str
    test: Paired
    measure: str

    @property
    def ahead(self) -> str:
        """The better one in the mean."""
        first = (self.test.mean > 0) == (MEASURES[self.measure].better == "higher")
        return self.first if first else self.second

    @property
    def winner(self) -> str | None:
        """The one ahead where the test finds a difference, and the median is on its side too."""
        return self.ahead if self.test.p < ALPHA and self.test.mean * self.test.median > 0 else None


def verdict(group: Group) -> list[str]:
    """Return a sentence on the two best by PSNR, and one for each pair that a perceptual measure sees otherwise."""
    if len(group.evaluations) < 2:
        return []
    best = group.evaluations[0]
    cell, view = best.record.main_cell, best.record.main_view
    if cell is None:
        return []
    region = "hole" if any(row.view == view.in_region("hole") for row in best.record.rows) else "full"
    by_psnr = duels(group, cell, view.in_region(region), "psnr")
    leaders = sorted(group.evaluations, key=lambda one: -mean_of(one, cell, view.in_region(region)))[:2]
    first = {one.label for one in leaders}
    lines = [f"{sentence(duel, region)}; the eye may differ." for duel in by_psnr if {duel.first, duel.second} == first]
    for measure in PERCEPTUAL:
        others = {(duel.first, duel.second): duel for duel in duels(group, cell, view, measure)}
        lines += disagreements(by_psnr, others, measure)
    return lines


def duels(group: Group, cell: Cell, view: View, measure: str) -> list[Duel]:
    """Return all pairs that have the measure there."""
    tests = tests_of(group.evaluations, cell, view, measure)
    return [Duel(a.label, b.label, test, measure) for (a, b), test in tests if test.pictures]


def mean_of(one: Evaluation, cell: Cell, view: View) -> float:
    """Return the mean PSNR, or less than any where there is none."""
    row = one.record.row(cell, view)
    value = row.values.get("psnr") if row else None
    return -math.inf if value is None else value


def sentence(duel: Duel, region: str) -> str:
    """Say who wins, by how much and how sure that is."""
    test, ahead = duel.test, duel.ahead
    other = duel.second if ahead == duel.first else duel.first
    p = p_text(test.p) if test.p < 0.001 else f"= {p_text(test.p)}"
    by = f"by {abs(test.mean):.2f} dB {'in the hole' if region == 'hole' else 'over the whole picture'}"
    told = f"p {p}, {test.pictures:,} picture{'' if test.pictures == 1 else 's'}"
    if duel.winner:
        return f"{ahead} beats {other} {by}, {told}"
    doubt = "no clear difference" if test.p >= ALPHA else f"but {other} on more than half of the pictures"
    return f"{ahead} is ahead of {other} {by}, {doubt}, {told}"


def disagreements(by_psnr: list[Duel], others: dict[tuple[str, str], Duel], measure: str) -> Iterator[str]:
    """Name the pairs for which PSNR and another measure have different winners, each surely."""
    for duel in by_psnr:
        other = others.get((duel.first, duel.second))
        if other is not None and duel.winner and other.winner and duel.winner != other.winner:
            title, decimals = MEASURES[measure].title, MEASURES[measure].decimals
            yield (
                f"PSNR and {title} disagree: {duel.winner} is ahead by PSNR ({abs(duel.test.mean):.2f} dB), "
                f"{other.winner} by {title} ({abs(other.test.mean):.{decimals}f}). Look at the pictures."
            )
