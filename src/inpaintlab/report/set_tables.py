"""FID and its relatives: numbers of whole sets, never without their N, network and weights."""

import json

from inpaintlab.metrics.distributions import FEW
from inpaintlab.records.cells import Cell, sum_first
from inpaintlab.records.measures import MEASURES, columns_of
from inpaintlab.records.rows import SetScore
from inpaintlab.report.grouping import Group
from inpaintlab.report.tables import Block, Column, Line, Table, number, with_best

TableKey = tuple[str, str, str, str, str]
"""(protocol, output, network, hash of its weights, settings of the distributions as JSON)."""
SetScores = dict[tuple[str, str, Cell, int], SetScore]
"""By (measure, label, cell, N)."""


def distribution_tables(group: Group) -> list[Table]:
    """Return a table per protocol, output, network and weights; a column per cell and N."""
    tables: dict[TableKey, SetScores] = {}
    for one in group.evaluations:
        for score in one.record.distributions:
            settings = one.record.protocols.get(score.protocol, {}).get("distributions")
            key = (
                score.protocol,
                score.output,
                score.network,
                score.weights_sha256 or "none",
                json.dumps(settings, sort_keys=True),
            )
            tables.setdefault(key, {})[score.measure, one.label, score.cell, score.n] = score
    labels = [one.label for one in group.evaluations]
    keys = sorted(tables, key=lambda key: (key[0] != "standard", key))
    return [_table(key, tables[key], labels) for key in keys]


def _table(key: TableKey, scores: SetScores, labels: list[str]) -> Table:
    protocol, output, network, weights, _ = key
    places = sorted({(cell, n) for _, _, cell, n in scores}, key=lambda place: (*sum_first(place[0]), place[1]))
    blocks = []
    for measure in [name for name in columns_of("set") if any(name == place[0] for place in scores)]:
        shown = [label for label in labels if any((measure, label) == place[:2] for place in scores)]
        lines = []
        for label in shown:
            row = [scores.get((measure, label, *place)) for place in places]
            lines.append(Line(label, [number(measure, score.value) if score else None for score in row]))
        blocks.append(with_best(Block(measure, lines)))
    return Table(
        title=f"{', '.join(MEASURES[block.measure].title for block in blocks)}: {output}, protocol {protocol}",
        columns=[
            Column(
                str(cell.bucket),
                ("" if cell.border == "all" else f"{cell.border}, ") + f"N = {n}",
                cell.border,
                n,
                cell=cell,
            )
            for cell, n in places
        ],
        blocks=blocks,
        notes=_notes(network, weights, min(n for _, n in places), scores),
        context={"protocol": protocol, "output": output, "network": network, "weights_sha256": weights},
        main=protocol == "standard" or output == "prediction",
    )


def _notes(network: str, weights: str, least: int, scores: SetScores) -> tuple[str, ...]:
    notes = [f"Network {network}, weights sha256 {weights[:16]}."]
    if least < FEW:
        notes.append(
            f"Warning: N = {least:,} is below {FEW:,}; at such N these numbers are biased and noisy, and must only "
            "be compared at the same N, on the same pictures."
        )
    few = f"under {FEW:,} pictures"  # the evaluation's own word for the warning above
    return (*notes, *dict.fromkeys(score.note for score in scores.values() if score.note and score.note != few))
