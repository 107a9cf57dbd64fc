"""Which evaluations may be compared: those of the same pictures, masks and size, and no others."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpaintlab.records.markdown import bucket_name
from inpaintlab.report.picture_rows import Cell, View
from inpaintlab.report.records import Evaluation, Record
from inpaintlab.report.run_table import changed_words

APART = ("regular", "as they are", "all")
"""Buckets that the pool of all hole ratios does not hold."""

NONE = "none"


@dataclass(frozen=True)
class Group:
    """Evaluations that may share a table."""

    number: int
    key: dict[str, str]
    """{property: value} that all its evaluations agree in."""
    apart: str
    """What keeps them from the evaluations of the group before, in words; empty for the first group."""
    evaluations: list[Evaluation]
    """The best first, by PSNR of the main view over the cell of ``main_cell``."""

    @property
    def title(self) -> str:
        """Name the group in one line."""
        grey = " grey" if self.key["channels"] == "1" else ""
        return f"{self.key['data']}, {self.key['split']}, {self.key['size']} px{grey}, masks: {self.key['masks']}"


def key_of(record: Record) -> dict[str, str]:
    """Return what two evaluations must agree in, as words."""
    masks = record["masks"]
    maker = json.dumps(masks.get("maker"), sort_keys=True)
    drawn = f"{record['choices']['mask']}, drawn with seed {record['seed']}, {_short_hash(maker)}"
    return {
        "data": str(record["choices"]["data"]),
        "words about the data": changed_words(record, ("data.",)) or NONE,
        "split": str(record["split"]),
        "size": str(record["size"]),
        "channels": str(record["channels"]),
        "seed": str(record["seed"]),
        "masks": f"frozen set {str(masks['sha256'])[:12]}" if masks["source"] == "frozen" else drawn,
        "pictures": str(record["pictures_sha256"])[:12],
    }


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def make_groups(evaluations: Sequence[Evaluation]) -> tuple[list[Group], list[str]]:
    """Return the groups, the largest first, and a line per evaluation left out because it repeats another."""
    members: dict[str, list[Evaluation]] = {}
    repeated = []
    for one in evaluations:
        peers = members.setdefault(json.dumps(key_of(one.record)), [])
        twin = next((p for p in peers if p.label == one.label and _numbers(p) == _numbers(one)), None)
        if twin is None:
            peers.append(one)
        else:
            repeated.append(f"{one.place}: the same numbers as {twin.place}")
    groups: list[Group] = []
    for key, peers in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        own = json.loads(key)
        apart = _difference(groups[0].key, own) if groups else ""
        groups.append(Group(len(groups) + 1, own, apart, sorted(_told_apart(peers), key=_rank)))
    return groups, repeated


def _numbers(one: Evaluation) -> Any:
    return one.record["rows"], one.record["distributions"]


def _told_apart(peers: list[Evaluation]) -> list[Evaluation]:
    """Add the place to labels that one group holds twice."""
    labels = [one.label for one in peers]
    return [
        one
        if labels.count(one.label) == 1
        else Evaluation(one.folder, one.place, one.record, one.pictures, f"{one.label} [{one.place}]")
        for one in peers
    ]


def _difference(first: dict[str, str], own: dict[str, str]) -> str:
    return "; ".join(f"{name}: {own[name]}, not {first[name]}" for name in own if own[name] != first[name])


def main_view(record: Record) -> View:
    """Return the view by which a model is judged first: ``standard``, whole picture, as it was meant to be judged."""
    protocols = list(record["protocols"])
    protocol = "standard" if "standard" in protocols or not protocols else protocols[0]
    return View(protocol, "raw" if record["judged"] == "raw" else "composited", "full")


def cells(record: Record) -> list[Cell]:
    """Return the cells that have rows of means, in the order of tables: by hole ratio, then all, then the others."""
    found = {cell_of(row): row["bucket"] for row in record["rows"]}
    return sorted(found, key=lambda cell: cell_order(cell))


def cell_of(row: Record) -> Cell:
    """Return the cell of a row of means."""
    return Cell(bucket_name(row["bucket"]), row["border"] or "any")


def cell_words(cell: Cell) -> str:
    """Return the cell as one would say it."""
    border = "" if cell.border in ("any", "all") else f", {cell.border}"
    if cell.bucket == "all":
        return f"all hole ratios{border}"
    return f"{'hole ratio ' if cell.bucket.startswith('(') else 'masks '}{cell.bucket}{border}"


def cell_order(cell: Cell) -> tuple[Any, ...]:
    """Sort by hole ratio, then all, regular and the masks as they are; any border first."""
    borders = ("any", "touch", "clear", "free", "all")
    border = borders.index(cell.border) if cell.border in borders else len(borders)
    if cell.bucket in APART:
        return (1 + ("all", "regular", "as they are").index(cell.bucket), 0.0, border)
    low = cell.bucket.strip("([])").split(",")[0]
    return (0, float(low), cell.bucket, border)


def main_cell(record: Record) -> Cell | None:
    """Return the cell that sums an evaluation up: all hole ratios, or the only one there is."""
    own = cells(record)
    return next((cell for cell in own if cell.bucket == "all"), own[0] if own else None)


def parts_of(cell: Cell, own: Sequence[Cell]) -> list[Cell]:
    """Return the cells whose pictures make up ``cell``: itself, or for ``all`` every hole-ratio bucket."""
    if cell.bucket != "all":
        return [cell]
    return [c for c in own if c.bucket not in APART and cell.border in ("all", "any", c.border)]


def row_at(record: Record, cell: Cell, view: View) -> Record | None:
    """Return the row of means, or None."""
    for row in record["rows"]:
        if cell_of(row) == cell and (row["protocol"], row["output"], row["region"]) == view:
            return row
    return None


def _rank(one: Evaluation) -> tuple[float, str]:
    cell = main_cell(one.record)
    row = row_at(one.record, cell, main_view(one.record)) if cell else None
    psnr = (row or {}).get("psnr")
    return (-psnr if psnr is not None else float("inf"), one.label)
