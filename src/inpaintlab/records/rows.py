"""The rows of an evaluation: means over pictures, measures of sets, saved pictures. Flat in the file, typed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inpaintlab.basics.kinds import is_of
from inpaintlab.records.cells import Cell, View, output_of
from inpaintlab.records.record import build, words

FILES = ("truth", "mask", "picture")
"""The files of a saved picture."""


@dataclass(frozen=True)
class Means:
    """One of ``rows``: the means over the pictures of one cell in one view."""

    cell: Cell
    view: View
    pictures: int
    identical: int
    """Pictures without any error; where a protocol counts them apart they are in no mean of PSNR."""
    values: Mapping[str, float | None]
    """{measure: mean}; None where it exists of no picture, or is infinite."""

    @classmethod
    def from_plain(cls, row: Mapping[str, Any]) -> "Means":
        """Make one of {bucket, border, protocol, output, region, pictures, identical, <measure>: ...}."""
        other = {"bucket", "border", "protocol", "output", "region", "pictures", "identical"}
        values = {name: value for name, value in row.items() if name not in other}
        if not is_of(values, dict[str, float | None]):
            raise ValueError("expected numbers of measures")
        return cls(Cell.read(row), View.read(row), int(row["pictures"]), int(row.get("identical", 0)), values)

    def to_plain(self) -> dict[str, Any]:
        """Return such a row."""
        counts = {"pictures": self.pictures, "identical": self.identical}
        return {**self.cell.plain, **self.view.plain, **counts, **self.values}


@dataclass(frozen=True)
class SetScore:
    """One of ``distributions``: a measure of the pictures of one cell as a set, such as FID."""

    cell: Cell
    protocol: str
    output: str
    measure: str
    value: float | None
    n: int
    """Pictures in the set."""
    network: str
    """Label of the feature network."""
    weights_sha256: str | None
    note: str | None = None

    @property
    def view(self) -> View:
        """Where it stands: whole pictures."""
        return View(self.protocol, self.output, "full")

    @classmethod
    def from_plain(cls, row: Mapping[str, Any]) -> "SetScore":
        """Make one of {bucket, border, protocol, output, measure, value, n, network, weights_sha256, note}."""
        return build(cls, {**row, "cell": Cell.read(row), "output": output_of(row["output"]), "note": row.get("note")})

    def to_plain(self) -> dict[str, Any]:
        """Return such a row."""
        own = {name: value for name, value in vars(self).items() if name != "cell"}
        return {**self.cell.plain, **own}


@dataclass(frozen=True)
class SavedPicture:
    """One of ``saved``: a picture that was written; the paths are below the evaluation's folder."""

    cell: Cell
    index: int
    """In the split."""
    name: str
    truth: str
    mask: str
    picture: str
    """What the model is judged by."""

    @classmethod
    def from_plain(cls, row: Mapping[str, Any]) -> "SavedPicture":
        """Make one of {bucket, border, index, name, truth, mask, picture}."""
        words("name and paths", *(row[name] for name in ("name", *FILES)))
        return build(cls, {**row, "cell": Cell.read(row), "index": int(row["index"])})

    def to_plain(self) -> dict[str, Any]:
        """Return such a row."""
        own = {name: value for name, value in vars(self).items() if name != "cell"}
        return {**self.cell.plain, **own}
