"""The evaluations whose saved pictures a study compares: read, and held against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside
from inpaintlab.basics.pictures import open_image
from inpaintlab.records.cells import Cell
from inpaintlab.records.comparison import conditions, differences
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.rows import SavedPicture

PictureKey = tuple[Cell, int]
"""One completed picture of an evaluation: the cell, and the picture's index in the split."""


@dataclass(frozen=True)
class Contender:
    """A folder of ``inpaintlab evaluate`` with pictures to be shown."""

    folder: Path
    record: EvaluationRecord
    saved: Mapping[PictureKey, SavedPicture]

    @property
    def name(self) -> str:
        """The method's name in the tables."""
        return self.record.name

    def path(self, key: PictureKey, what: str) -> Path:
        """Return the file of ``what``: truth, mask or picture."""
        return inside(self.folder, getattr(self.saved[key], what))

    def pixels(self, key: PictureKey, what: str) -> np.ndarray:
        """Return the file's 8-bit values (H, W) or (H, W, C)."""
        path = self.path(key, what)
        try:
            with open_image(path) as image:
                return np.asarray(image)
        except (UserError, OSError) as error:
            raise UserError(f"{path}: missing or unreadable; evaluate {self.name} again") from error


def read_contender(folder: Path) -> Contender:
    """Read a folder; ``UserError`` if it holds no evaluation or one without pictures."""
    if not (folder / EvaluationRecord.FILE).is_file():
        raise UserError(f"{folder}: no {EvaluationRecord.FILE} in it; give folders of inpaintlab evaluate")
    record = EvaluationRecord.read(folder)
    if not record.saved:
        raise UserError(f"{folder}: no saved pictures; evaluate again with save=24, or save=all")
    return Contender(folder, record, {(saved.cell, saved.index): saved for saved in record.saved})


def check_comparable(contenders: Sequence[Contender]) -> None:
    """Refuse evaluations of which two show other pictures or holes, or bear the same name."""
    first = contenders[0]
    names = [contender.name for contender in contenders]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"evaluations: {names.count(name)} are called {name}; evaluate again with name=<another>")
    for other in contenders[1:]:
        both = f"{first.folder} and {other.folder}"
        if apart := differences(conditions(first.record), conditions(other.record)):
            raise UserError(f"{both} differ in {apart[0].name}: {_brief(apart[0].first)} and {_brief(apart[0].second)}")
        _check_saved(first, other, both)


def _check_saved(first: Contender, other: Contender, both: str) -> None:
    for one, two in ((first, other), (other, first)):
        if lacking := [key for key in one.saved if key not in two.saved]:
            what = f"{describe(lacking[0])} and {len(lacking) - 1} more are only in {one.folder}"
            raise UserError(f"{both} saved different pictures: {what}; evaluate both with the same save=")
    for key in first.saved:
        for what in ("truth", "mask"):
            if not np.array_equal(first.pixels(key, what), other.pixels(key, what)):
                raise UserError(f"{both} differ in the {what} of {describe(key)}; evaluate both on the same data")
        if first.pixels(key, "picture").shape != other.pixels(key, "picture").shape:
            raise UserError(f"{both} differ in the size or channels of {describe(key)}")


def describe(key: PictureKey) -> str:
    """Say which picture it is."""
    cell, index = key
    return f"picture {index} of bucket {cell.bucket}, border {cell.border}"


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."
