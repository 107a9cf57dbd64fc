"""Read every ``evaluation.json``, ``results.json`` and ``cost.json`` below some folders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cost import CostRecord
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.run import RunRecord
from inpaintlab.report.home_paths import without_home
from inpaintlab.report.picture_rows import PictureRows, read_rows

KINDS = {kind.FILE: kind for kind in (EvaluationRecord, RunRecord, CostRecord)}


@dataclass(frozen=True)
class Evaluation:
    """One ``evaluation.json`` and the rows of pictures beside it."""

    folder: Path
    place: str
    """The folder as the reader of the report knows it."""
    record: EvaluationRecord
    pictures: PictureRows
    label: str
    """Name of the model in the tables: one label, one set of weights."""


@dataclass
class Findings:
    """All that was read; ``broken`` has a line per file that was left out."""

    runs: list[tuple[str, RunRecord]] = field(default_factory=list)
    """(folder, record)."""
    evaluations: list[Evaluation] = field(default_factory=list)
    costs: list[CostRecord] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read_folders(folders: Sequence[Path]) -> Findings:
    """Read all folders; a file below two of them is read once."""
    findings, seen = Findings(), set()
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"runs={folder}: no such folder; give the folder that holds the runs")
        for path in sorted(folder.rglob("*.json")):
            if path.name in KINDS and path.resolve() not in seen:
                seen.add(path.resolve())
                _read(findings, path, folder if len(folders) == 1 else folder.parent)
    findings.evaluations = with_labels(findings.evaluations)
    if not (findings.runs or findings.evaluations or findings.costs or findings.broken):
        raise UserError(
            f"runs={', '.join(map(str, folders))}: no results.json or evaluation.json in it or below; "
            "train or evaluate first"
        )
    return findings


def _read(findings: Findings, path: Path, root: Path) -> None:
    place = str(path.parent.relative_to(root))
    try:
        record = KINDS[path.name].read(path)
        if isinstance(record, RunRecord):
            findings.runs.append((place, record))
        elif isinstance(record, CostRecord):
            findings.costs.append(record)
        elif isinstance(record, EvaluationRecord):
            rows = read_rows(path.parent)
            findings.evaluations.append(Evaluation(path.parent, place, record, rows, record.name))
    except (UserError, OSError, ValueError) as error:
        reason = " ".join(str(error).removeprefix(f"{path}: ").split())
        findings.broken.append(f"{path.relative_to(root)}: {reason:.300}")


def with_labels(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Give different weights of one name different labels, by their iteration or, failing that, their hash or place."""
    weights: dict[str, dict[tuple[Any, ...], Evaluation]] = {}
    for evaluation in evaluations:
        weights.setdefault(evaluation.record.name, {}).setdefault(_weights(evaluation.record), evaluation)
    labelled = []
    for evaluation in evaluations:
        label, rivals = evaluation.record.name, weights[evaluation.record.name]
        if len(rivals) > 1:
            label = f"{label} ({_what_differs(evaluation, list(rivals.values()))})"
        labelled.append(replace(evaluation, label=label))
    return labelled


def _weights(record: EvaluationRecord) -> tuple[Any, ...]:
    own = [word for word in record.overrides if word.startswith("model.")]
    return record.model, record.ckpt_sha256 or record.ckpt, record.iteration, *own


def _what_differs(evaluation: Evaluation, rivals: Sequence[Evaluation]) -> str:
    """Return the first property that tells all rivals of a name apart."""
    first = {_weights(rival.record): rival for rival in rivals}[_weights(evaluation.record)]
    properties: list[Callable[[Evaluation], str]] = [
        lambda one: f"iteration {one.record.iteration}",
        lambda one: str(one.record.ckpt_sha256 or "no checkpoint")[:8],
        lambda one: " ".join(word for word in one.record.overrides if word.startswith("model.")) or "as configured",
        lambda one: one.place,
        lambda one: str(one.folder),
    ]
    return without_home(
        next(tell for tell in properties if len({tell(rival) for rival in rivals}) == len(rivals))(first)
    )
