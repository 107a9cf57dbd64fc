"""``evaluation.json``: what was judged, by what, every number that came out, and everything that decides it.

The classes are the schema: their fields are the file's keys. Schema 2 is lifted as it is read; 1 is to be made again.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from inpaintlab.records.cells import Cell, View, own_output
from inpaintlab.records.lifting import lift_evaluation
from inpaintlab.records.measures import REGIONS
from inpaintlab.records.record import Record, build, words
from inpaintlab.records.rows import Means, SavedPicture, SetScore


@dataclass(frozen=True)
class MaskSource:
    """``masks``: where the holes come from."""

    source: str
    """frozen | drawn."""
    folder: str | None
    sha256: str | None
    """Of a frozen set's manifest."""
    maker: dict[str, Any] | None
    """Settings of what drew."""

    @property
    def is_frozen(self) -> bool:
        """Whether the masks are files."""
        return self.source == "frozen"


@dataclass(frozen=True)
class EvaluationCost:
    """``cost``: what the evaluation took, of all processes together."""

    parameters: int | None = None
    """That can be trained."""
    predict_seconds: float | None = None
    score_seconds: float | None = None
    features_seconds: float | None = None
    peak_memory_mb: float | None = None
    pictures: int | None = None
    device: str | None = None
    batch_size: int | None = None

    @property
    def where(self) -> str:
        """Device and batch, without which a time says nothing."""
        return f"{self.device}, batch {self.batch_size}"


@dataclass(frozen=True)
class EvaluationRecord(Record):
    """All of ``evaluation.json``."""

    FILE: ClassVar[str] = "evaluation.json"
    SCHEMA: ClassVar[int] = 3
    LARGEST: ClassVar[int] = 2**28

    name: str
    """Of the model in the tables."""
    model: str
    """Its class."""
    ckpt: str | None
    ckpt_sha256: str | None
    iteration: int | None
    choices: dict[str, Any]
    """{model, data, mask}."""
    overrides: list[str]
    command: str
    split: str
    seed: int
    size: int
    channels: int
    blind: bool
    """Whether the whole prediction is judged first, in place of the completed picture."""
    versions: dict[str, str]
    commit: str | None
    protocols: dict[str, dict[str, Any]]
    """{name: all settings}, in the order in which they were asked for."""
    masks: MaskSource
    pictures_sha256: str
    """Of the pictures' names and of what their files hold, in order; before 0.1 of the names alone."""
    cost: EvaluationCost
    rows: list[Means]
    distributions: list[SetScore]
    saved: list[SavedPicture]
    measures: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """Everything that decides the files; two evaluations that agree in it write the same numbers."""

    def __post_init__(self) -> None:
        words("choices.data and choices.mask", self.choices["data"], self.choices["mask"])

    @classmethod
    def lift(cls, plain: dict[str, Any], schema: Any) -> dict[str, Any]:
        """Read schema 3, and 2 by ``lifting``."""
        if schema == 1:
            raise ValueError("schema 1 is of an older inpaintlab; evaluate again")
        if schema == 2:
            return cls._parts(lift_evaluation(plain))
        return cls._parts(super().lift(plain, schema))

    @classmethod
    def _parts(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """Make the parts that have classes of their own."""
        lists = (("rows", Means), ("distributions", SetScore), ("saved", SavedPicture))
        parts: dict[str, Any] = {}
        for name, kind in lists:
            if name not in plain:
                raise ValueError(f"no {name}")
            try:
                parts[name] = [kind.from_plain(row) for row in plain[name]]
            except KeyError as error:
                raise ValueError(f"{name}: no {error.args[0]}") from error
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        for name, kind in (("masks", MaskSource), ("cost", EvaluationCost)):
            if name not in plain:
                raise ValueError(f"no {name}")
            parts[name] = build(kind, plain[name])
        return {**plain, **parts}

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells that have means, in the order of tables."""
        return sorted({row.cell for row in self.rows})

    @property
    def main_cell(self) -> Cell | None:
        """What sums the evaluation up: all hole ratios, or the first cell where there is no pool."""
        own = self.cells
        return next((cell for cell in own if cell.bucket.kind == "all"), own[0] if own else None)

    @property
    def main_view(self) -> View:
        """The view by which the model is judged first: ``standard``, whole picture, blind or completed."""
        protocols = list(self.protocols)
        protocol = "standard" if "standard" in protocols or not protocols else protocols[0]
        return View(protocol, own_output(self.blind), "full")

    def view_of(self, protocol: str) -> View:
        """Return the view by which a protocol judges the model: its own output, the full picture, where it has them."""
        there = [row.view for row in self.rows if row.view.protocol == protocol]
        outputs, regions = ([getattr(view, part) for view in there] for part in ("output", "region"))
        own = own_output(self.blind)
        output = own if own in outputs or not outputs else outputs[0]
        return View(protocol, output, next((one for one in REGIONS if one in regions), "full"))

    def row(self, cell: Cell | None, view: View) -> Means | None:
        """Return the means of a cell in a view, or None."""
        return next((row for row in self.rows if (row.cell, row.view) == (cell, view)), None)

    @property
    def trained_in(self) -> Path | None:
        """The folder of the run that trained the checkpoint, ``<run>/checkpoints/<name>.ckpt``."""
        return None if self.ckpt is None else Path(self.ckpt).absolute().parents[1]
