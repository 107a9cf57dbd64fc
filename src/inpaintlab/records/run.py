"""``results.json``: what a training run was, what came out, and what it cost. The fields are the file's keys.

A number that is not finite is null. The file is complete at every moment: it is replaced, never rewritten.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from inpaintlab.records.record import Record, build


@dataclass(frozen=True)
class RunCost:
    """``cost``."""

    parameters: int | None = None
    """That can be trained."""
    iterations: int | None = None
    train_seconds: float | None = None
    """Without validation."""
    pictures_per_second: float | None = None
    peak_memory_mb: float | None = None
    """Of the GPU, without one of the process."""
    device: str | None = None

    @property
    def minutes(self) -> float | None:
        """The training time in minutes."""
        return None if self.train_seconds is None else round(self.train_seconds / 60, 1)


@dataclass
class RunRecord(Record):
    """All of ``results.json``; a run that goes on changes it."""

    FILE: ClassVar[str] = "results.json"
    SCHEMA: ClassVar[int] = 1

    name: str
    """Of the run, and of its model in every table."""
    status: str
    """running | done | failed | interrupted."""
    choices: dict[str, Any]
    """{model, data, mask, hardware, optimizer, lr_schedule, val_data}: the chosen configuration files."""
    overrides: list[str]
    """The words given on the command line."""
    seed: int
    """Of everything drawn."""
    drawings: dict[str, int] = field(default_factory=dict)
    """{mask maker: number of its drawing}, see ``masks.drawings``."""
    notice: str | None = None
    """A sentence the reader of the numbers must know."""
    size: int | None = None
    """Side of the pictures in pixels."""
    channels: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    """{inpaintlab, python, torch, lightning}."""
    commit: str | None = None
    """Of the working directory."""
    metrics: dict[str, float | None] = field(default_factory=dict)
    """{"val/psnr": ..., "test/psnr_hole": ...}: the last validation's and, once done, the test's; of a second set for
    validation {"val_<its name>/psnr": ...}."""
    baselines: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """{name: {"test/psnr": ...}}: other methods on the same test pictures."""
    cost: RunCost = field(default_factory=RunCost)
    paths: dict[str, str | None] = field(default_factory=dict)
    """run (absolute), and relative to it checkpoint, best, samples; null where there is none."""

    def __post_init__(self) -> None:
        if isinstance(self.cost, dict):
            self.cost = build(RunCost, self.cost)

    @property
    def is_done(self) -> bool:
        """Whether the run was trained and tested."""
        return self.status == "done"

    @property
    def tested(self) -> dict[str, float | None]:
        """{metric: value} of the run's own model on the test pictures."""
        return tested(self.metrics)


def tested(metrics: dict[str, float | None]) -> dict[str, float | None]:
    """Return those of the test, without the prefix."""
    return {name.removeprefix("test/"): value for name, value in metrics.items() if name.startswith("test/")}


def read_done(folder: Path) -> RunRecord | None:
    """Return the record of a run that is done; None for one that is not, or has not begun."""
    if not (folder / RunRecord.FILE).is_file():
        return None
    record = RunRecord.read(folder)
    return record if record.is_done else None
