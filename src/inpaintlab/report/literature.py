"""The papers' printed tables, and what keeps them from being compared with measured ones."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cells import ALL, Bucket, Cell
from inpaintlab.records.measures import MEASURES
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group
from inpaintlab.report.tables import Block, Column, Entry, Line, Table, measure_title

if TYPE_CHECKING:
    from inpaintlab.records.published import PublishedTable

DAGGER = "†"


def choose_tables(published: str | Sequence[str], evaluations: Sequence[Evaluation]) -> list["PublishedTable"]:
    """Return the tables asked for: ``auto`` (of the papers whose models were evaluated), all, none, or named ones."""
    from inpaintlab.records.published import tables

    if published == "none":
        return []
    known = tables()
    if published == "all":
        return known
    if published == "auto":
        papers = {paper_of(one) for one in evaluations}
        return [table for table in known if table.id.split("/")[0] in papers]
    wanted = [published] if isinstance(published, str) else list(published)
    for word in wanted:
        if not any(word in (table.id, table.id.split("/")[0]) for table in known):
            ids = ", ".join(table.id for table in known)
            raise UserError(f"published={word}: expected auto, all, none, a paper or some of {ids}")
    return [table for table in known if table.id in wanted or table.id.split("/")[0] in wanted]


def paper_of(one: Evaluation) -> str:
    """Return the folder of the model's paper, such as ``pconv``."""
    path = one.record.model.split(".")
    return path[path.index("models") + 1] if "models" in path[:-1] else ""


def source(table: "PublishedTable") -> str:
    """Return where the table stands."""
    return f"{table.paper}, {table.number}"


def differences_from(table: "PublishedTable", groups: Sequence[Group]) -> list[str]:
    """Name what differs, or is unknown, between the printed table and each group of evaluations."""
    lines = []
    for group in groups:
        key = group.key
        words = [f"data {table.dataset}, here {key['data']} ({key['split']})"]
        size = f"{table.size} px" if table.size else "an unknown size"
        words.append(f"{size}, here {key['size']} px" if str(table.size) != key["size"] else f"{size}, as here")
        words.append(f"pictures: {table.pictures}, here {count_words(group)}")
        words.append(f"masks: {table.masks}, here {key['masks']}")
        protocols = dict.fromkeys(name for one in group.evaluations for name in one.record.protocols)
        words.append(f"protocol: {table.protocol}; here {', '.join(protocols)}")
        lines.append(f"Against set {group.number}: {_sentence(words)}")
    return lines


def count_words(group: Group) -> str:
    """Say how many pictures a cell of the group has."""
    counts = {row.pictures for one in group.evaluations for row in one.record.rows if row.cell.bucket != ALL}
    least, most = min(counts, default=0), max(counts, default=0)
    return f"{most} per cell" if least == most else f"{least} to {most} per cell"


def _sentence(words: Sequence[str]) -> str:
    return "; ".join(" ".join(str(word).split()).rstrip(".") for word in words) + "."


def published_table(table: "PublishedTable", groups: Sequence[Group]) -> Table:
    """Return the whole printed table in its own section."""
    shared = {row["measure"]: _shared(table, row["measure"]) for row in table.rows}
    rows = [(row, _column(row, shared[row["measure"]])) for row in table.rows]
    columns = list(dict.fromkeys(column for _, column in rows))
    blocks = []
    for measure, condition in shared.items():
        printed = {(row["method"], column): row for row, column in rows if row["measure"] == measure}
        lines = [
            Line(f"{method} {DAGGER}", [_entry(printed.get((method, column))) for column in columns], published=True)
            for method in dict.fromkeys(method for method, _ in printed)
        ]
        unit = next(iter(printed.values()))["unit_printed"]
        title = measure_title(measure) if measure in MEASURES else f"{measure} {unit}".strip()
        blocks.append(Block(measure, lines, ", ".join([title, *(f"{key} {value}" for key, value in condition)])))
    notes = [f"{DAGGER} Printed in {source(table)}: {table.title}."]
    notes += [table.notes] if table.notes else []
    return Table(
        title=f"{source(table)}: {table.title}",
        columns=[Column(*column) for column in columns],
        blocks=blocks,
        notes=(*notes, *differences_from(table, groups)),
        context={"published": table.id, "dataset": table.dataset, "size": str(table.size or "")},
    )


def _shared(table: "PublishedTable", measure: str) -> list[tuple[str, Any]]:
    """Return the conditions that all numbers of a measure stand under; they need no column."""
    conditions = [row["condition"] for row in table.rows if row["measure"] == measure]
    return [item for item in conditions[0].items() if all(item in other.items() for other in conditions)]


def beside(measured: Table, group: Group, tables: Sequence["PublishedTable"]) -> Table:
    """Return the measured table with the printed rows of the evaluated papers' own methods below each measure."""
    own = {plain_word(paper_of(one)) for one in group.evaluations}
    blocks = []
    for block in measured.blocks:
        added = []
        for table in tables:
            rows = [row for row in table.rows if row["measure"] == block.measure]
            for method in dict.fromkeys(row["method"] for row in rows if is_of(row["method"], own)):
                lines = _beside_lines(method, [row for row in rows if row["method"] == method], measured, table)
                added += lines
        blocks.append(Block(block.measure, [*block.lines, *added], block.title))
    return replace(measured, blocks=blocks)


def _beside_lines(method: str, rows: Sequence[dict[str, Any]], measured: Table, table: "PublishedTable") -> list[Line]:
    lines = []
    for condition, dataset in dict.fromkeys((_words(row["condition"]), _dataset(row, table)) for row in rows):
        entries: list[Entry | None] = []
        for column in measured.columns:
            printed = [
                row
                for row in rows
                if (_words(row["condition"]), _dataset(row, table)) == (condition, dataset)
                and stands_at(column.cell, row)
            ]
            entries.append(_entry(printed[0]) if len(printed) == 1 else None)
        if any(entries):
            size = f"{table.size} px" if table.size else "size unknown"
            cite = ", ".join(word for word in (source(table), dataset, size, condition) if word)
            lines.append(Line(f"{method} {DAGGER}", entries, published=True, cite=cite))
    return lines


def stands_at(cell: Cell | None, row: dict[str, Any]) -> bool:
    """Tell whether a printed number is of a measured column's cell; all cells together have any border."""
    if cell is None or row["bucket"] is None:
        return False
    own = ("any", "free") if cell.has_no_rule else (cell.border,)  # PConv's column B has no rule either
    return Bucket.read(row["bucket"]) == cell.bucket and (row["border"] or "any") in own


def is_of(method: str, papers: set[str]) -> bool:
    """Tell whether a printed method is a paper's own and no variant of it: PConv, not PConv+K0."""
    return plain_word(method) in papers


def plain_word(word: str) -> str:
    """Return the word's letters and digits in small."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _words(condition: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in condition.items() if key != "dataset")


def _dataset(row: dict[str, Any], table: "PublishedTable") -> str:
    return str(row["condition"].get("dataset", table.dataset))


def _column(row: dict[str, Any], shared: Sequence[tuple[str, Any]]) -> tuple[str, str]:
    """Return what stands above a number: its bucket, else its conditions; its border below."""
    bucket = "" if row["bucket"] is None else str(Bucket.read(row["bucket"]))
    condition = ", ".join(str(value) for key, value in row["condition"].items() if (key, value) not in shared)
    return bucket or condition or "value", ", ".join(filter(None, [row["border"], condition if bucket else ""]))


def _entry(row: dict[str, Any] | None) -> Entry | None:
    if row is None:
        return None
    value = row["value"]
    if row["measure"] not in MEASURES or value is None:
        return Entry(str(row["printed"]), value)
    return Entry(f"{value:.{_decimals(str(row['printed']), value, MEASURES[row['measure']].decimals)}f}", value)


def _decimals(printed: str, value: float, usual: int) -> int:
    """Return as many decimals as were printed, in our unit: 0.49 % of L1 is 0.0049."""
    digits = re.search(r"\d*\.?\d+", printed)
    if digits is None or not value or not float(digits[0]):
        return usual
    places = len(digits[0].partition(".")[2])
    return max(0, places + round(math.log10(float(digits[0]) / abs(value))))
