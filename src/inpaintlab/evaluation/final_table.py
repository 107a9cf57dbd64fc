"""What ``evaluate`` says last: one table with a line for each model. All other numbers are in the files."""

from collections.abc import Mapping, Sequence

from inpaintlab.basics.errors import UserError
from inpaintlab.records.comparison import conditions, differences
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.measures import TABLE, column_name, column_title, measure_of

MEASURED = ("psnr", "ssim", *(measure.name for measure in TABLE if measure.perceptual))
"""In the hole where they exist there, else over the whole picture."""
SECONDS = "seconds per picture"
COLUMNS = (*(column_name(name, region) for name in MEASURED for region in ("hole", "full")), SECONDS)


def final_table(records: Mapping[str, EvaluationRecord], failed: Sequence[str] = ()) -> str:
    """Lay out {name: its record}, all pictures together, the best PSNR first; names of those that failed come last.

    ``UserError`` where two were judged on other pictures or holes: such numbers do not belong into one table.
    """
    first = next(iter(records.values()), None)
    for name, record in records.items():
        if first and (apart := differences(conditions(first), conditions(record))):
            raise UserError(f"{name} was judged on other pictures or holes than {next(iter(records))} ({apart[0]})")
    values = {name: numbers(record) for name, record in records.items()}
    columns = [column for column in COLUMNS if any(column in line for line in values.values())]
    heads = [column_title(column) for column in columns]
    width = max(map(len, [*values, *failed]), default=0)
    rows = [" ".join([" " * width, *(f" {head}" for head in heads)])] if values else []
    for name in sorted(values, key=lambda name: -values[name].get(columns[0], float("-inf"))):
        texts = [as_text(column, values[name].get(column)) for column in columns]
        rows.append(" ".join([name.ljust(width), *(f" {t:>{len(h)}}" for t, h in zip(texts, heads, strict=True))]))
    rows += [f"{name.ljust(width)}  failed, see above" for name in failed]
    return "\n".join([*map(title, list(records.values())[:1]), *rows])


def title(record: EvaluationRecord) -> str:
    """Say what all numbers are of."""
    view = record.view_of(record.main_view.protocol)
    row = record.row(record.main_cell, view)
    judged = f"{record.choices['data']} ({record.split}), {record.size} px, masks: {record.choices['mask']}"
    counted = f"{row.pictures:,} pictures, {record.main_cell}" if row else "no pictures"
    return f"{judged}; {counted}; protocol {view.protocol}, {view.output}"


def numbers(record: EvaluationRecord) -> dict[str, float]:
    """Return {column: mean over the main cell}, and the seconds of a prediction."""
    view, cost = record.view_of(record.main_view.protocol), record.cost
    rows = {region: record.row(record.main_cell, view.in_region(region)) for region in ("hole", "full")}
    found: dict[str, float] = {}
    for name in MEASURED:
        there = {region: value for region, row in rows.items() if row and (value := row.values.get(name)) is not None}
        found |= {column_name(name, region): value for region, value in list(there.items())[:1]}
    if cost.predict_seconds is not None and cost.pictures:
        found[SECONDS] = cost.predict_seconds / cost.pictures
    return found


def as_text(column: str, value: float | None) -> str:
    """Write a number with its measure's decimals."""
    placed = measure_of(column)
    if value is None:
        return "-"
    return placed[0].text(value) if placed else f"{value:.3g}"
