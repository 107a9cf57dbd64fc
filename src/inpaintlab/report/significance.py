"""Do two models differ? Wilcoxon's signed rank test over the pictures both were judged on."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from inpaintlab.records.cells import Cell, View
from inpaintlab.records.comparison import differences, protocol_settings
from inpaintlab.records.measures import MEASURES, columns_of
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group
from inpaintlab.report.statistics import Paired, holm, paired
from inpaintlab.report.tables import Block, Column, Entry, Line, Table, measure_title

ALPHA = 0.05
METHOD = (
    "Wilcoxon's signed rank test, two-sided, on the differences of the same pictures under the same masks; over all "
    "hole ratios a picture counts once, with the mean of its differences. p after Holm, over the pairs of one column. "
    "The median difference is the first model's minus the second's; bold where p < 0.05."
)


def significance_tables(group: Group) -> list[Table]:
    """Return a table per main view: over all pictures first, then per cell (folded)."""
    tables = []
    for view in _main_views(group):
        shown = sorted({cell for one in group.evaluations for cell in one.record.cells})
        summary = next((cell for one in group.evaluations if (cell := one.record.main_cell)), None)
        for cell in sorted(shown, key=lambda cell: cell != summary):
            table = _table(group.evaluations, view, cell, main=cell == summary)
            if table is not None:
                tables.append(table)
    return tables


def _main_views(group: Group) -> list[View]:
    views = dict.fromkeys(one.record.main_view for one in group.evaluations)
    return [view.in_region(region) for view in views for region in ("full", "hole")]


def tests_of(
    evaluations: Sequence[Evaluation], cell: Cell, view: View, measure: str
) -> list[tuple[tuple[Evaluation, Evaluation], Paired]]:
    """Test each pair that scored the view alike; p is Holm's, over all these pairs."""
    pairs = [
        (first, second)
        for first, second in combinations(evaluations, 2)
        if not differences(*(protocol_settings(one.record, view.protocol) for one in (first, second)), shared=True)
    ]
    tests = [paired(picture_differences(first, second, cell, view, measure)) for first, second in pairs]
    corrected = holm([test.p for test in tests])
    return [(pair, replace(test, p=p)) for pair, test, p in zip(pairs, tests, corrected, strict=True)]


def _table(evaluations: Sequence[Evaluation], view: View, cell: Cell, main: bool) -> Table | None:
    columns: list[Column] = []
    lines: dict[str, list[Entry | None]] = {}
    for measure in columns_of("picture"):
        tests = tests_of(evaluations, cell, view, measure)
        if any(test.pictures for _, test in tests):
            for kind in ("median difference", "p", "N"):
                columns.append(Column(measure_title(measure), kind, cell.border, None, measure, kind))
            for (first, second), test in tests:
                lines.setdefault(f"{first.label} − {second.label}", []).extend(_entries(test, measure))
    if not columns:
        return None
    return Table(
        title=f"{view}, {cell}",
        columns=columns,
        blocks=[Block("", [Line(pair, entries) for pair, entries in lines.items()], title="pair")],
        notes=(METHOD,) if main else (),
        context={**view.plain, "bucket": str(cell.bucket)},
        main=main,
        heading="pair",
    )


def _entries(test: Paired, measure: str) -> list[Entry | None]:
    if not test.pictures:
        return [None, None, Entry("0", 0)]
    decimals = MEASURES[measure].decimals
    return [
        Entry(f"{test.median:+.{decimals}f}", test.median, best=test.p < ALPHA),
        Entry(p_text(test.p), test.p),
        Entry(str(test.pictures), test.pictures),
    ]


def p_text(p: float) -> str:
    """Write a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def picture_differences(first: Evaluation, second: Evaluation, cell: Cell, view: View, measure: str) -> np.ndarray:
    """Return first minus second, (n,), one per picture that both have a finite value for in ``cell``.

    Rows are joined by bucket, border and picture; several rows of a picture become their mean.
    """
    shared = [part for part in cell.parts(first.record.cells) if part in cell.parts(second.record.cells)]
    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    for part in shared:
        mine, theirs = first.pictures.get((part, view)), second.pictures.get((part, view))
        if mine is None or theirs is None or measure not in mine.values or measure not in theirs.values:
            continue
        index, a, b = np.intersect1d(mine.index, theirs.index, return_indices=True)
        with np.errstate(invalid="ignore"):  # both infinite: no difference
            pieces.append((index, mine.values[measure][a] - theirs.values[measure][b]))
    if not pieces:
        return np.array([])
    index, values = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    finite = np.isfinite(values)
    _, picture = np.unique(index[finite], return_inverse=True)
    return np.bincount(picture, values[finite]) / np.bincount(picture)
