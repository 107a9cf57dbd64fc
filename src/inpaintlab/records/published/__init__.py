"""The papers' own tables as data: one YAML per paper, every number as it is printed and in this project's unit.

In a YAML a row's ``values`` are the printed numbers of one line of the table, in the order of ``columns``. What a
number is (``method``, ``bucket``, ``border``, ``condition``, ``measure``, ``unit``) is told by its row, its column and
the table's ``common``, joined.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

UNITS = {"": Decimal(1), "dB": Decimal(1), "s": Decimal(1), "%": Decimal("0.01"), "G": Decimal(10**9)}
"""What one of the printed unit is in ours: l1 and SSIM 0..1, PSNR dB, time seconds, FLOPs one by one."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of a paper. ``bibkey``, ``source`` and ``size`` are None where there is none."""

    id: str
    """``<paper>/<table>``, such as ``pconv/table1``."""
    paper: str
    bibkey: str | None
    source: str | None
    """Address of the paper."""
    number: str
    title: str
    dataset: str
    """Where a row's condition names a ``dataset`` of its own, that one counts."""
    size: int | None
    """Pixels; None: the pictures' own."""
    pictures: str
    masks: str
    protocol: str
    """How it was measured, as far as the paper says, and what it does not say."""
    notes: str
    rows: tuple[dict[str, Any], ...]
    """One per number: method, bucket ([low, high], ``all``, ``regular`` or None), border (``any``, ``touch``, ``clear``
    or None), condition {other columns of the table}, measure, value (float, our unit), printed (str), unit_printed."""


@dataclass(frozen=True)
class PublishedPaper:
    """A paper; ``tables`` is empty where no number can be quoted, and ``notes`` tell why."""

    paper: str
    bibkey: str | None
    source: str | None
    notes: str
    tables: tuple[PublishedTable, ...]


@cache
def papers() -> tuple[PublishedPaper, ...]:
    """Return the five papers, those without a number too."""
    return tuple(_read(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))


def tables() -> list[PublishedTable]:
    """Return all tables of all papers."""
    return [table for paper in papers() for table in paper.tables]


def _read(path: Path) -> PublishedPaper:
    record: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path))  # type: ignore[assignment]
    where = {key: record[key] for key in ("paper", "bibkey", "source")}
    return PublishedPaper(**where, notes=record["notes"], tables=tuple(_table(t, where) for t in record["tables"]))


def _table(table: dict[str, Any], where: dict[str, Any]) -> PublishedTable:
    common, columns, lines = table.pop("common", {}), table.pop("columns"), table.pop("rows")
    rows = [
        _row(printed, {**common, **column, **line})
        for line in lines
        for column, printed in zip(columns, re.split(r"[\s/]+", str(line["values"])), strict=True)
    ]
    return PublishedTable(**table, **where, rows=tuple(rows))


def _row(printed: str, cell: dict[str, Any]) -> dict[str, Any]:
    unit = cell.get("unit", "")
    return {
        "method": cell["method"],
        "bucket": cell.get("bucket"),
        "border": cell.get("border"),
        "condition": cell.get("condition", {}),
        "measure": cell["measure"],
        "value": float(Decimal(printed) * UNITS[unit]),
        "printed": printed,
        "unit_printed": unit,
    }
