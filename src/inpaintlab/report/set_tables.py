"""FID and its relatives: numbers of whole sets, never without their N, network and weights."""

import json
from typing import Any

from inpaintlab.records.markdown import bucket_name
from inpaintlab.report.grouping import Group, cell_order
from inpaintlab.report.picture_rows import Cell
from inpaintlab.report.tables import TITLES, Block, Column, Line, Table, number, with_best

ENOUGH = 10_000
"""Pictures below which FID is dominated by its bias."""
Key = tuple[str, str, str, str, str]
Rows = dict[tuple[str, str, Cell, int], dict[str, Any]]


def distribution_tables(group: Group) -> list[Table]:
    """Return a table per protocol, output, network and weights; a column per cell and N."""
    found: dict[Key, Rows] = {}
    for one in group.evaluations:
        for row in one.record["distributions"]:
            names = (row["protocol"], row["output"], str(row["network"]), str(row["weights_sha256"] or "none"))
            cell = Cell(bucket_name(row["bucket"]), row["border"] or "any")
            settings = one.record["protocols"].get(row["protocol"], {}).get("distributions")
            rows = found.setdefault((*names, json.dumps(settings, sort_keys=True)), {})
            rows[row["measure"], one.label, cell, int(row["n"])] = row
    labels = [one.label for one in group.evaluations]
    keys = sorted(found, key=lambda key: (key[0] != "standard", key))
    return [_table(key, found[key], labels) for key in keys]


def _table(key: Key, rows: Rows, labels: list[str]) -> Table:
    protocol, output, network, weights, _ = key
    places = sorted({(cell, n) for _, _, cell, n in rows}, key=lambda p: (*cell_order(p[0]), p[1]))
    found = {measure for measure, *_ in rows}
    blocks = []
    for measure in [m for m in TITLES if m in found]:
        shown = [label for label in labels if any((measure, label) == place[:2] for place in rows)]
        lines = [
            Line(label, [number(measure, rows.get((measure, label, *p), {}).get("value")) for p in places])
            for label in shown
        ]
        blocks.append(with_best(Block(measure, lines)))
    return Table(
        title=f"{', '.join(TITLES[block.measure] for block in blocks)}: {output}, protocol {protocol}",
        columns=[
            Column(cell.bucket, ("" if cell.border == "all" else f"{cell.border}, ") + f"N = {n}", cell.border, n)
            for cell, n in places
        ],
        blocks=blocks,
        notes=_notes(network, weights, min(n for _, n in places), rows),
        context={"protocol": protocol, "output": output, "network": network, "weights_sha256": weights},
        main=protocol == "standard" or output == "raw",
    )


def _notes(network: str, weights: str, least: int, rows: Rows) -> tuple[str, ...]:
    notes = [f"Network {network}, weights sha256 {weights[:16]}."]
    if least < ENOUGH:
        notes.append(
            f"Warning: N = {least:,} is below {ENOUGH:,}; at such N these numbers are biased and noisy, and must only "
            "be compared at the same N, on the same pictures."
        )
    told = f"under {ENOUGH:,} pictures"  # the evaluation's own word for the warning above
    return (*notes, *dict.fromkeys(row["note"] for row in rows.values() if row.get("note") and row["note"] != told))
