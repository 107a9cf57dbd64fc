"""Read every ``evaluation.json``, ``results.json`` and ``cost.json`` below some folders."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.report.picture_rows import PictureRows, read_rows
from inpaintlab.report.run_table import run_rows

SCHEMAS = {"evaluation.json": 2, "results.json": 1, "cost.json": 1}
NEEDED = {
    "evaluation.json": (
        *("name", "model", "choices", "overrides", "command", "split", "seed", "size", "channels", "judged"),
        *("versions", "commit", "protocols", "masks", "pictures_sha256", "cost", "rows", "distributions", "saved"),
    ),
    "results.json": ("name", "status", "seed", "choices", "overrides", "metrics", "baselines", "cost"),
    "cost.json": ("name", "model", "parameters", "multiply_adds", "latency", "peak_memory_mb"),
}
PARTS = {
    "rows": ("bucket", "border", "protocol", "output", "region", "pictures"),
    "distributions": ("bucket", "border", "protocol", "output", "measure", "value", "n", "network", "weights_sha256"),
    "saved": ("bucket", "border", "index", "name", "truth", "mask", "picture"),
}
"""What the entries of an evaluation's lists need."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """One ``evaluation.json`` and the ``pictures.csv`` beside it."""

    folder: Path
    place: str
    """The folder as the reader of the report knows it."""
    record: Record
    pictures: PictureRows
    label: str
    """Name of the model in the tables: one label, one set of weights."""


@dataclass
class Found:
    """All that was read; ``broken`` has a line per file that was left out."""

    runs: list[tuple[str, Record]] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    costs: list[Record] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read_folders(folders: Sequence[Path]) -> Found:
    """Read all folders; a file below two of them is read once."""
    found, seen = Found(), set()
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"runs={folder}: no such folder; give the folder that holds the runs")
        for path in sorted(folder.rglob("*.json")):
            if path.name in SCHEMAS and path.resolve() not in seen:
                seen.add(path.resolve())
                _read(found, path, folder if len(folders) == 1 else folder.parent)
    found.evaluations = with_labels(found.evaluations)
    if not (found.runs or found.evaluations or found.costs or found.broken):
        raise UserError(
            f"runs={', '.join(map(str, folders))}: no results.json or evaluation.json in it or below; "
            "train or evaluate first"
        )
    return found


def _read(found: Found, path: Path, root: Path) -> None:
    place = path.parent.relative_to(root)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        check_record(record, path.name)
        if path.name == "results.json":
            found.runs.append((str(place), record))
        elif path.name == "cost.json":
            found.costs.append(record)
        else:
            rows = read_rows(path.with_name("pictures.csv"))
            found.evaluations.append(Evaluation(path.parent, str(place), record, rows, record["name"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found.broken.append(f"{path.relative_to(root)}: {type(error).__name__}: {error}")


def check_record(record: Any, file: str) -> None:
    """Refuse what is not a record of this file's schema."""
    if file == "evaluation.json" and record["schema"] == 1:
        raise ValueError("schema 1 is of an older inpaintlab; evaluate again")
    if record["schema"] != SCHEMAS[file]:
        raise ValueError(f"schema {record['schema']}, expected {SCHEMAS[file]}")
    for key in NEEDED[file]:
        if key not in record:
            raise KeyError(key)
    if not isinstance(record["name"], str) or not isinstance(record.get("status", ""), str):
        raise TypeError("name and status must be words")
    if file == "results.json":
        run_rows(record)
    for part, keys in PARTS.items() if file == "evaluation.json" else ():
        for key in keys:
            if any(key not in entry for entry in record[part]):
                raise KeyError(f"{part}: {key}")


def with_labels(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Give different weights of one name different labels, by their iteration or, failing that, their hash or place."""
    weights: dict[str, dict[tuple[Any, ...], Evaluation]] = {}
    for evaluation in evaluations:
        weights.setdefault(evaluation.record["name"], {}).setdefault(_weights(evaluation.record), evaluation)
    labelled = []
    for evaluation in evaluations:
        record, rivals = evaluation.record, weights[evaluation.record["name"]]
        label = record["name"]
        if len(rivals) > 1:
            label = f"{label} ({_difference(evaluation, list(rivals.values()))})"
        labelled.append(Evaluation(evaluation.folder, evaluation.place, record, evaluation.pictures, label))
    return labelled


def _weights(record: Record) -> tuple[Any, ...]:
    own = [word for word in record["overrides"] if word.startswith("model.")]
    return record["model"], record.get("ckpt_sha256") or record.get("ckpt"), record.get("iteration"), *own


def _difference(evaluation: Evaluation, rivals: Sequence[Evaluation]) -> str:
    """Return the first property that tells all rivals of a name apart."""
    first = {_weights(rival.record): rival for rival in rivals}[_weights(evaluation.record)]
    tell: list[Callable[[Evaluation], str]] = [
        lambda one: f"iteration {one.record.get('iteration')}",
        lambda one: str(one.record.get("ckpt_sha256") or "no checkpoint")[:8],
        lambda one: " ".join(word for word in one.record["overrides"] if word.startswith("model.")) or "as configured",
        lambda one: one.place,
    ]
    told = next(t for t in tell if len({t(rival) for rival in rivals}) == len(rivals))
    return told(first)
