"""Tables of training runs: what ``results.json`` says of the test pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpaintlab.records.comparison import changed_words
from inpaintlab.records.measures import best_of, column_title, is_number, measure_of
from inpaintlab.records.run import RunRecord, tested
from inpaintlab.report.tables import Block, Column, Entry, Line, Table

RIVALS = ("data", "mask", "size", "changed")
"""Settings in which runs must agree to be compared."""


@dataclass(frozen=True)
class Tested:
    """A model on the test pictures of a run: the run's own, or one of its baselines."""

    name: str
    place: str
    values: dict[str, Any]
    """Settings, then {metric: value}."""


def run_tables(runs: Sequence[tuple[str, RunRecord]]) -> list[Table]:
    """Return the table of the finished runs and their baselines, if there are any."""
    models = best_first([one for place, record in runs if record.is_done for one in tested_by(place, record)])
    return [text_table("Test pictures", models, "run")] if models else []


def unfinished_tables(runs: Sequence[tuple[str, RunRecord]]) -> list[Table]:
    """Return the table of the runs that are not done, if there are any."""
    others = [
        Tested(record.name, place, {"folder": place, "status": record.status, "iterations": record.cost.iterations})
        for place, record in runs
        if not record.is_done
    ]
    return [text_table(f"Not finished: {len(others)}", others, "run")] if others else []


def tested_by(place: str, record: RunRecord) -> list[Tested]:
    """Return a run's own model and its baselines."""
    setting = {
        "data": record.choices.get("data"),
        "mask": record.choices.get("mask"),
        "size": record.size,
        "changed": changed_words(record.overrides, ("data.", "mask.")),
    }
    trained = {"seed": record.seed, "iterations": record.cost.iterations, "minutes": record.cost.minutes}
    own = Tested(record.name, place, {**setting, **trained, **record.tested})
    untrained = {**setting, **dict.fromkeys(trained)}
    others = [Tested(name, place, {**untrained, **tested(values)}) for name, values in sorted(record.baselines.items())]
    return [own, *others]


def best_first(models: Sequence[Tested]) -> list[Tested]:
    """Sort by what makes runs comparable, then by PSNR inside the hole; equal lines appear once."""
    unique: dict[str, Tested] = {}
    for one in models:
        unique.setdefault(f"{one.name} {one.values}", one)
    return sorted(
        unique.values(),
        key=lambda one: (*(str(one.values.get(key)) for key in RIVALS), -(one.values.get("psnr_hole") or 0.0)),
    )


def text_table(title: str, models: Sequence[Tested], heading: str) -> Table:
    """Lay out a line per model and a column per value that any has; the best among rivals are marked."""
    names = list(dict.fromkeys(name for one in models for name in one.values))
    names = [name for name in names if any(is_number(one.values.get(name)) for one in models)]
    lines = [Line(one.name, [_entry(name, one, models) for name in names], note=one.place) for one in models]
    columns = [Column(column_title(name), measure=name) for name in names]
    return Table(title, columns, [Block("", lines, title=heading)], heading=heading)


def _entry(name: str, one: Tested, models: Sequence[Tested]) -> Entry | None:
    value = one.values.get(name)
    if not is_number(value):
        return None
    placed = measure_of(name)
    if placed is None:
        number = float(value) if isinstance(value, int | float) else None
        return Entry(str(value), number)
    rivals = [other.values for other in models if all(other.values.get(k) == one.values.get(k) for k in RIVALS)]
    return Entry(placed[0].text(value), value, best=value == best_of(name, rivals))
