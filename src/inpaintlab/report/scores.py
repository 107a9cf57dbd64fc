"""Measured tables of one group: a table per view, a block per measure, a column per cell."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inpaintlab.records.markdown import MEASURES
from inpaintlab.report.grouping import Group, cell_of, cell_order, cells, main_view, parts_of
from inpaintlab.report.picture_rows import Cell, View
from inpaintlab.report.records import Evaluation
from inpaintlab.report.statistics import bootstrap_intervals
from inpaintlab.report.tables import Block, Column, Line, Table, number, with_best

Intervals = dict[tuple[Cell, View, str], tuple[float, float]]
NOT_MEASURES = ("identical", "mse")
REGIONS = ("full", "hole", "boundary")
REGION_TITLES = {"full": "whole picture", "hole": "inside the hole", "boundary": "band along the hole's edge"}


@dataclass(frozen=True)
class Place:
    """A column's identity: numbers of different pictures or pools never share a column."""

    cell: Cell
    pictures: int
    pool: tuple[Cell, ...]


def score_tables(group: Group, intervals: dict[str, Intervals]) -> list[Table]:
    """Return the tables of all views, those by which models are judged first at the head; intervals by label."""
    return [_table(group, view, settings, intervals) for view, settings in views(group)]


def views(group: Group) -> list[tuple[View, str]]:
    """Return (view, settings of its protocol as JSON); a protocol of other settings is another view."""
    found: dict[tuple[View, str], None] = {}
    for one in group.evaluations:
        for row in one.record["rows"]:
            found[View(row["protocol"], row["output"], row["region"]), settings_of(one, row["protocol"])] = None
    protocols = list(dict.fromkeys(view.protocol for view, _ in found))
    main = [main_view(one.record) for one in group.evaluations]

    def order(item: tuple[View, str]) -> tuple[Any, ...]:
        view, settings = item
        first = [(view.protocol, view.output) == (m.protocol, m.output) for m in main]
        region = REGIONS.index(view.region) if view.region in REGIONS else len(REGIONS)
        return (not any(first), protocols.index(view.protocol), view.output, region, settings)

    return sorted(found, key=order)


def settings_of(one: Evaluation, protocol: str) -> str:
    """Return what decides a protocol's per-picture numbers, as JSON: its settings without those of FID and the like."""
    settings = one.record["protocols"].get(protocol) or {}
    return json.dumps({key: settings[key] for key in settings if key != "distributions"}, sort_keys=True)


def settings_difference(own: str, other: str) -> str:
    """Name the settings that two protocols of one name differ in, both given as JSON."""
    mine, theirs = (dict(_flat(json.loads(settings))) for settings in (own, other))
    names = [name for name in sorted({**mine, **theirs}) if mine.get(name) != theirs.get(name)]
    return "; ".join(f"{name} {mine.get(name)}, not {theirs.get(name)}" for name in names)


def _flat(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of nested settings."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _table(group: Group, view: View, settings: str, intervals: dict[str, Intervals]) -> Table:
    members = [one for one in group.evaluations if settings_of(one, view.protocol) == settings]
    rows = {
        (one.label, place): row
        for one in members
        for row, place in _places(one)
        if (row["protocol"], row["output"], row["region"]) == view
    }
    places = sorted({place for _, place in rows}, key=lambda p: (*cell_order(p.cell), p.pictures, p.pool))
    borders = {p.cell.border for p in places if p.cell.border != "all"}
    blocks = [_block(members, rows, places, view, measure, intervals) for measure in MEASURES]
    others = [s for v, s in views(group) if v == view and s != settings]
    main = [main_view(one.record) for one in group.evaluations]
    return Table(
        title=f"{REGION_TITLES.get(view.region, view.region).capitalize()}, {view.output}, protocol {view.protocol}",
        columns=[Column(p.cell.bucket, column_note(p, borders), p.cell.border, p.pictures) for p in places],
        blocks=[with_best(block) for block in blocks if any(any(line.entries) for line in block.lines)],
        notes=(
            *_identical(rows, places),
            *(f"Other settings of the protocol: {settings_difference(settings, s)}." for s in others),
        ),
        context=view._asdict(),
        main=view.region in ("full", "hole") and view[:2] in [m[:2] for m in main],
    )


def _block(
    members: Sequence[Evaluation],
    rows: dict[tuple[str, Place], dict[str, Any]],
    places: Sequence[Place],
    view: View,
    measure: str,
    intervals: dict[str, Intervals],
) -> Block:
    """Return a measure's lines; without a line for the auxiliary columns, which are no measures."""
    lines = []
    for one in members if measure not in NOT_MEASURES else ():
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


def _places(one: Evaluation) -> list[tuple[dict[str, Any], Place]]:
    own = cells(one.record)
    placed = []
    for row in one.record["rows"]:
        cell = cell_of(row)
        pool = tuple(parts_of(cell, own)) if cell.bucket == "all" else ()
        placed.append((row, Place(cell, int(row["pictures"]), pool)))
    return placed


def _value(one: Evaluation, row: dict[str, Any] | None, place: Place, view: View, measure: str) -> float | None:
    """Return the record's number; JSON holds no infinity, so a null of infinite pictures is one."""
    if row is None or row.get(measure) is not None:
        return (row or {}).get(measure)
    parts = parts_of(place.cell, cells(one.record))
    slices = [one.pictures[c, view].values.get(measure) for c in parts if (c, view) in one.pictures]
    infinite = any(values is not None and np.isposinf(values).any() for values in slices)
    return float("inf") if infinite else None


def _identical(rows: dict[tuple[str, Place], dict[str, Any]], places: Sequence[Place]) -> list[str]:
    """Say where pictures were met exactly, since they are counted apart."""
    told = [
        f"{label}: {row['identical']} of {place.pictures} in {place.cell.bucket} {place.cell.border}"
        for (label, place), row in rows.items()
        if row.get("identical") and place in places
    ]
    return [f"Exact matches, counted apart: {'; '.join(told)}."] if told else []


def mean_intervals(one: Evaluation, resamples: int, seed: int) -> Intervals:
    """Return the bootstrap interval of every mean over pictures; a number that is no such mean has none."""
    own, intervals = cells(one.record), {}
    for cell in own:
        rows = [row for row in one.record["rows"] if cell_of(row) == cell]
        columns: list[tuple[View, str, float, np.ndarray]] = []
        keys: list[tuple[int, str]] | None = None
        for row in rows:
            view = View(row["protocol"], row["output"], row["region"])
            slices = [one.pictures[part, view] for part in parts_of(cell, own) if (part, view) in one.pictures]
            its_keys = [key for s in slices for key in s.keys]
            keys = its_keys if keys is None else keys
            for name in (m for m in MEASURES if m not in NOT_MEASURES and row.get(m) is not None):
                values = [s.values[name] for s in slices if name in s.values]
                if its_keys == keys and values and is_mean(np.concatenate(values), row[name]):
                    columns.append((view, name, row[name], np.concatenate(values)))
        if columns and keys:
            index = np.array([index for index, _ in keys])
            bounds = bootstrap_intervals(np.stack([c[3] for c in columns], 1), index, resamples, seed)
            for (view, name, _, _), (low, high) in zip(columns, bounds.tolist(), strict=True):
                if low == low:
                    intervals[cell, view, name] = (low, high)
    return intervals


def is_mean(values: np.ndarray, stated: float) -> bool:
    """Tell whether the stated number is the mean of the existing values, to the digits of ``pictures.csv``."""
    there = values[~np.isnan(values)]
    return bool(len(there)) and bool(np.isclose(there.mean(), stated, rtol=1e-6, atol=1e-9))
