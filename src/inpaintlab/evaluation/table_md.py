"""``table.md``: the main view of each protocol, and how far the protocols differ."""

from typing import Any

from inpaintlab.records.cells import ALL, Cell
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.markdown import markdown
from inpaintlab.records.measures import REGIONS, TABLE, column_name, columns_of
from inpaintlab.records.rows import Means

Row = dict[str, Any]
FLAT = ("full", "hole")
"""Regions that have columns; the boundary's numbers stay in the files."""


def as_markdown(record: EvaluationRecord) -> str:
    """Lay out a table for each protocol, and one of the differences where there are several."""
    parts = [protocol_table(record, protocol) for protocol in record.protocols]
    if len(record.protocols) > 1:
        parts.append(spread(record))
    return "\n".join(parts)


def protocol_table(record: EvaluationRecord, protocol: str) -> str:
    """Lay out one protocol: a line for each cell, measures on the full picture and in the hole, and distributions."""
    output = record.view_of(protocol).output
    lines: dict[Cell, Row] = {}
    for row in record.rows:
        if (row.view.protocol, row.view.output) == (protocol, output):
            lines.setdefault(row.cell, head(row)).update(measures_of(row))
    networks: dict[tuple[str, str | None], list[str]] = {}
    for score in record.distributions:
        if (score.protocol, score.output) == (protocol, output):
            lines[score.cell][score.measure] = score.value
            networks.setdefault((score.network, score.weights_sha256), []).append(score.measure)
    notes = "".join(
        f"\n{', '.join(dict.fromkeys(names))}: N = pictures; {label}, weights sha256 {sha256}\n"
        for (label, sha256), names in networks.items()
    )
    pooled = {score.note for score in record.distributions if score.cell.bucket == ALL and score.note}
    notes += "".join(f"\nall buckets: {note}\n" for note in sorted(pooled))
    measured = [column_name(m.name, region) for region in REGIONS for m in TABLE if region in m.regions]
    columns = ["bucket", "border", "pictures", *measured, "identical"]
    ordered = [{name: line[name] for name in columns if name in line} for line in lines.values()]
    return f"### {protocol} ({output})\n\n{markdown(ordered)}{notes}"


def spread(record: EvaluationRecord) -> str:
    """Lay out, for each cell, the largest minus the smallest value that the protocols give to the same predictions."""
    values: dict[Cell, dict[str, list[float]]] = {}
    heads: dict[Cell, Row] = {}
    for row in record.rows:
        if row.view == record.view_of(row.view.protocol):
            heads.setdefault(row.cell, head(row))
            for name in columns_of("picture"):
                if (value := row.values.get(name)) is not None:
                    values.setdefault(row.cell, {}).setdefault(name, []).append(value)
    lines = [
        {**heads[cell], **{name: max(known) - min(known) for name, known in columns.items() if len(known) > 1}}
        for cell, columns in values.items()
    ]
    return f"### How far the protocols differ: largest minus smallest, the same predictions\n\n{markdown(lines)}"


def measures_of(row: Means) -> Row:
    """Return the measures of one row under the names of the columns."""
    if row.view.region not in FLAT:
        return {}
    identical = {"identical": row.identical} if row.view.region == "full" else {}
    return {column_name(name, row.view.region): value for name, value in row.values.items()} | identical


def head(row: Means) -> Row:
    """Return the columns that name a line."""
    return {"bucket": row.cell.bucket, "border": row.cell.border, "pictures": row.pictures}
