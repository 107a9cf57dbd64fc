"""The report's numbers as CSV: one line per number, unrounded."""

import csv
import io
from collections.abc import Iterator

from inpaintlab.basics.csv_cells import safe_cell
from inpaintlab.report.document import Document
from inpaintlab.report.tables import Table

COLUMNS = (
    *("kind", "set", "protocol", "output", "region", "network", "weights_sha256", "published", "dataset", "size"),
    *("table", "method", "source", "bucket", "border", "pictures", "measure", "quantity"),
    *("value", "low", "high", "best", "text"),
)


def as_csv(document: Document) -> str:
    """Return every number of every table, of runs and costs too; ``low`` and ``high`` are the 95 % interval."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(line for table in document.runs for line in _lines(table, "run", ""))
    writer.writerows(line for table in document.other_costs for line in _lines(table, "cost", ""))
    for section in document.sections:
        for kind, tables in (
            ("score", section.scores),
            ("distribution", section.distributions),
            ("significance", section.significance),
            ("cost", [section.cost]),
        ):
            for table in tables:
                writer.writerows(_lines(table, kind, str(section.group.number)))
    for table in document.published:
        writer.writerows(_lines(table, "published", ""))
    return text.getvalue()


def _lines(table: Table, kind: str, number: str) -> Iterator[dict[str, str]]:
    context = {name: value for name, value in table.context.items() if name in COLUMNS}
    for block in table.blocks:
        for line in block.lines:
            for column, entry in zip(table.columns, line.entries, strict=True):
                if entry is None:
                    continue
                own_kind = "published" if line.published else kind
                low, high = (f"{bound:.9g}" for bound in entry.bounds) if entry.bounds else ("", "")
                cells = {
                    **context,
                    "bucket": context.get("bucket", "" if column.measure else column.top),
                    "border": column.border,
                    "pictures": "" if column.pictures is None else str(column.pictures),
                    "quantity": column.quantity,
                    "kind": own_kind,
                    "set": number,
                    "table": table.title,
                    "method": line.label,
                    "source": line.cite or line.note,
                    "measure": column.measure or block.measure or block.name,
                    "value": "" if entry.value is None else f"{entry.value:.9g}",
                    "low": low,
                    "high": high,
                    "best": "yes" if entry.best else "",
                    "text": entry.text,
                }
                yield {name: safe_cell(str(cell)) for name, cell in cells.items()}
