"""``inpaintlab sweep-status``: how far the jobs of a sweep are, read off their folders while it runs or afterwards."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.records.failure import JobFailure
from inpaintlab.records.markdown import markdown
from inpaintlab.records.measures import TABLE, watched_columns
from inpaintlab.records.run import read_done
from inpaintlab.sweeps.jobs import choices, state_of
from inpaintlab.training.launch import CONFIG

SHOWN = (*watched_columns(), *(measure.name for measure in TABLE if not measure.watched))
"""Of the test; a column that no job has is left out."""


def show(sweep: Path, since: float = 0.0) -> int:
    """Print the table of all jobs, keep it as ``table.md``, and return 1 if one has failed after ``since``, else 0.

    ``since`` is in seconds of the system's clock, so that a sweep answers for its own jobs alone.
    """
    folders = sorted(path.parent for path in sweep.glob(f"*/{CONFIG}"))
    if not folders:
        raise UserError(f"{sweep}: no job of a sweep in it; start one with `inpaintlab sweep experiment=...`")
    given = [choices(OmegaConf.load(folder / CONFIG).overrides) for folder in folders]
    common = [word for word in given[0] if len(folders) > 1 and all(word in words for words in given)]
    rows = [
        {"job": " ".join(word for word in words if word not in common) or "default", **row_of(folder)}
        for folder, words in zip(folders, given, strict=True)
    ]
    rows.sort(key=lambda row: -(row["objective"] if row["objective"] is not None else -math.inf))
    states = Counter(row["state"] for row in rows)
    failed = [f"{folder.name}: {failure.reason}" for folder in folders if (failure := failure_of(folder))]
    text = markdown([{key: value for key, value in row.items() if key != "objective"} for row in rows])
    text += f"\nall jobs: {' '.join(common)}\n" if common else ""
    summary = f"{len(rows)} job{'s' * (len(rows) != 1)}: " + ", ".join(
        f"{count} {state}" for state, count in sorted(states.items())
    )
    write_text(sweep / "table.md", f"{text}\n{summary}\n" + "".join(f"\n- {line}" for line in failed))
    print(f"\n{text}\n{summary}", *failed, f"written: {sweep / 'table.md'}", sep="\n")
    late = [folder for folder in folders if failure_of(folder) and (folder / JobFailure.FILE).stat().st_mtime >= since]
    return 1 if late else 0


def row_of(folder: Path) -> dict[str, Any]:
    """Return a job's state and numbers; ``objective`` is what it is sorted by."""
    cfg = OmegaConf.load(folder / CONFIG)
    record = read_done(folder)
    metrics = record.tested if record else {}
    return {
        "state": state_of(folder),
        **{name: metrics.get(name) for name in SHOWN},
        "parameters": record and record.cost.parameters,
        "iterations": record and record.cost.iterations,
        "minutes": record and record.cost.minutes,
        "objective": record and record.metrics.get(cfg.objective),
    }


def failure_of(folder: Path) -> JobFailure | None:
    """Return why a job failed, if it did and has not succeeded since."""
    return JobFailure.read(folder) if state_of(folder) == "failed" else None
