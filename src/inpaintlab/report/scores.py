"""Measured tables of one group: a table per view, a block per measure, a column per cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inpaintlab.records.cells import ALL, Cell, View, sum_first
from inpaintlab.records.comparison import differences, flatten, protocol_settings
from inpaintlab.records.measures import columns_of
from inpaintlab.records.rows import Means
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group
from inpaintlab.report.statistics import bootstrap_intervals
from inpaintlab.report.tables import Block, Column, Line, Table, number, with_best

Intervals = dict[tuple[Cell, View, str], tuple[float, float]]


@dataclass(frozen=True, order=True)
class Place:
    """A column's identity: numbers of different pictures or pools never share a column."""

    cell: Cell
    pictures: int
    pool: tuple[Cell, ...]


Rows = dict[tuple[str, Place], Means]
"""By (label, place)."""


@dataclass
class Agreement:
    """Evaluations under whose settings of a protocol the same measure means the same."""

    settings: dict[str, Any]
    """{dotted name: value}, of all of them together: one may have measures that another lacks."""
    evaluations: list[Evaluation]


def score_tables(group: Group, intervals: dict[str, Intervals]) -> list[Table]:
    """Return the tables of all views, those by which models are judged first at the head; intervals by label."""
    tables = []
    for view in views(group):
        agreements = list_agreements(group, view)
        for one in agreements:
            tables.append(_table(group, view, one, [other for other in agreements if other is not one], intervals))
    return tables


def views(group: Group) -> list[View]:
    """Return the views of all evaluations, those by which models are judged first at the head."""
    there = dict.fromkeys(row.view for one in group.evaluations for row in one.record.rows)
    protocols = list(dict.fromkeys(view.protocol for view in there))
    return sorted(there, key=lambda view: (not _is_main(group, view), protocols.index(view.protocol), view))


def list_agreements(group: Group, view: View) -> list[Agreement]:
    """Return the evaluations that have the view, together where no setting that two have differs; the most first."""
    agreements: list[Agreement] = []
    for one in group.evaluations:
        if not any(row.view == view for row in one.record.rows):
            continue
        own = dict(flatten(protocol_settings(one.record, view.protocol)))
        for agreement in agreements:
            if not differences(agreement.settings, own, shared=True):
                agreement.settings |= own
                agreement.evaluations.append(one)
                break
        else:
            agreements.append(Agreement(own, [one]))
    return sorted(agreements, key=lambda agreement: -len(agreement.evaluations))


def _is_main(group: Group, view: View) -> bool:
    return any(view.in_region("full") == one.record.main_view for one in group.evaluations)


def _table(
    group: Group, view: View, agreement: Agreement, others: list[Agreement], intervals: dict[str, Intervals]
) -> Table:
    rows = {
        (one.label, _place(one, row)): row
        for one in agreement.evaluations
        for row in one.record.rows
        if row.view == view
    }
    places = sorted({place for _, place in rows}, key=lambda place: (*sum_first(place.cell), place))
    borders = {place.cell.border for place in places if place.cell.border != "all"}
    blocks = [
        _block(agreement.evaluations, rows, places, view, measure, intervals) for measure in columns_of("picture")
    ]
    apart = ["; ".join(map(str, differences(agreement.settings, other.settings, shared=True))) for other in others]
    return Table(
        title=str(view),
        columns=[
            Column(str(p.cell.bucket), column_note(p, borders), p.cell.border, p.pictures, cell=p.cell) for p in places
        ],
        blocks=[with_best(block) for block in blocks if any(any(line.entries) for line in block.lines)],
        notes=(*_identical(rows), *(f"Other settings of the protocol: {words}." for words in apart)),
        context=view.plain,
        main=view.region in ("full", "hole") and _is_main(group, view),
    )


def _block(
    members: Sequence[Evaluation],
    rows: Rows,
    places: Sequence[Place],
    view: View,
    measure: str,
    intervals: dict[str, Intervals],
) -> Block:
    """Return a measure's lines."""
    lines = []
    for one in members:
        entries = []
        for place in places:
            value = _value(one, rows.get((one.label, place)), place, view, measure)
            entries.append(number(measure, value, intervals[one.label].get((place.cell, view, measure))))
        if any((one.label, place) in rows for place in places):
            lines.append(Line(one.label, entries))
    return Block(measure, lines)


def column_note(place: Place, borders: set[str]) -> str:
    """Return what stands below the bucket: the border, where there is more than any, and the number of pictures."""
    pool = f" of {len(place.pool)} cells" if place.pool else ""
    border = "" if place.cell.border == "all" or borders <= {"any"} else f"{place.cell.border}, "
    return f"{border}N = {place.pictures}{pool}"


def _place(one: Evaluation, row: Means) -> Place:
    pool = tuple(row.cell.parts(one.record.cells)) if row.cell.bucket == ALL else ()
    return Place(row.cell, row.pictures, pool)


def _value(one: Evaluation, row: Means | None, place: Place, view: View, measure: str) -> float | None:
    """Return the record's number; JSON holds no infinity, so a null of infinite pictures is one."""
    value = row.values.get(measure) if row else None
    if row is None or value is not None:
        return value
    parts = place.cell.parts(one.record.cells)
    slices = [one.pictures[part, view].values.get(measure) for part in parts if (part, view) in one.pictures]
    infinite = any(values is not None and np.isposinf(values).any() for values in slices)
    return float("inf") if infinite else None


def _identical(rows: Rows) -> list[str]:
    """Say where pictures were met exactly, since they are counted apart."""
    lines = [
        f"{label}: {row.identical} of {place.pictures} in {place.cell.bucket} {place.cell.border}"
        for (label, place), row in rows.items()
        if row.identical
    ]
    return [f"Exact matches, counted apart: {'; '.join(lines)}."] if lines else []


def mean_intervals(one: Evaluation, resamples: int, seed: int) -> Intervals:
    """Return the bootstrap interval of every mean over pictures; a number that is no such mean has none."""
    own, intervals = one.record.cells, {}
    for cell in own:
        columns: list[tuple[View, str, np.ndarray]] = []
        index: np.ndarray | None = None
        for row in (row for row in one.record.rows if row.cell == cell):
            parts = cell.parts(own)
            slices = [one.pictures[part, row.view] for part in parts if (part, row.view) in one.pictures]
            if not slices:
                continue
            own_index = np.concatenate([part.index for part in slices])
            index = own_index if index is None else index
            if not np.array_equal(own_index, index):
                continue
            for name in columns_of("picture"):
                values = [part.values[name] for part in slices if name in part.values]
                stated = row.values.get(name)
                if values and stated is not None and is_mean(np.concatenate(values), stated):
                    columns.append((row.view, name, np.concatenate(values)))
        if columns and index is not None:
            bounds = bootstrap_intervals(np.stack([values for *_, values in columns], 1), index, resamples, seed)
            for (view, name, _), (low, high) in zip(columns, bounds.tolist(), strict=True):
                if low == low:
                    intervals[cell, view, name] = (low, high)
    return intervals


def is_mean(values: np.ndarray, stated: float) -> bool:
    """Tell whether the stated number is the mean of the existing values, to the digits of ``pictures.csv``."""
    there = values[~np.isnan(values)]
    return bool(len(there)) and bool(np.isclose(there.mean(), stated, rtol=1e-6, atol=1e-9))
