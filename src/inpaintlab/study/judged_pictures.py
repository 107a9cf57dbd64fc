"""The evaluations whose saved pictures a study compares: read, and held against each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.records.markdown import bucket_name

SCHEMA = 2
Key = tuple[str, str, int]
"""One completed picture of an evaluation: bucket (as JSON), border, index of the picture in the split."""


@dataclass(frozen=True)
class Evaluation:
    """A folder of ``inpaintlab evaluate``."""

    folder: Path
    record: Mapping[str, Any]
    """What ``evaluation.json`` holds."""
    saved: Mapping[Key, Mapping[str, Any]]
    """Its entries ``saved``: name, and the paths ``truth``, ``mask`` and ``picture`` within the folder."""

    @property
    def name(self) -> str:
        """The method's name in the tables."""
        return self.record["name"]

    def path(self, key: Key, what: str) -> Path:
        """Return the file of ``what``: truth, mask or picture."""
        return self.folder / self.saved[key][what]

    def pixels(self, key: Key, what: str) -> np.ndarray:
        """Return the file's 8-bit values (H, W) or (H, W, C)."""
        path = self.path(key, what)
        try:
            with Image.open(path) as image:
                return np.asarray(image)
        except OSError as error:
            raise UserError(f"{path}: missing or unreadable; evaluate {self.name} again") from error


def read_evaluation(folder: Path) -> Evaluation:
    """Read a folder; ``UserError`` if it holds no evaluation or one without pictures."""
    path = folder / "evaluation.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise UserError(f"{path}: schema {record['schema']}, expected {SCHEMA}; evaluate again")
        saved = {(json.dumps(e["bucket"]), e["border"], e["index"]): e for e in record["saved"]}
        evaluation = Evaluation(folder, record, saved)
        conditions(evaluation)
        complete = all(isinstance(e[what], str) for e in saved.values() for what in ("name", *FILES))
    except OSError as error:
        raise UserError(f"{folder}: no evaluation.json in it; give folders of inpaintlab evaluate") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not a whole evaluation ({type(error).__name__}: {error}); evaluate again") from error
    if not saved or not complete:
        raise UserError(f"{folder}: no saved pictures; evaluate again with save=24, or save=all")
    return evaluation


FILES = ("truth", "mask", "picture")


def conditions(evaluation: Evaluation) -> dict[str, Any]:
    """Return what must agree for two evaluations to show the same pictures with the same holes."""
    record = evaluation.record
    masks = record["masks"]
    drawn = {f"masks.maker.{key}": value for key, value in (masks["maker"] or {}).items()}
    return {
        "data": record["choices"]["data"],
        **{key: record[key] for key in ("split", "size", "channels", "seed", "pictures_sha256")},
        "masks": masks["source"],
        **({"masks.sha256": masks["sha256"]} if masks["source"] == "frozen" else drawn),
    }


def check_comparable(evaluations: Sequence[Evaluation]) -> None:
    """Refuse evaluations of which two show other pictures or holes, or bear the same name."""
    first = evaluations[0]
    names = [evaluation.name for evaluation in evaluations]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"evaluations: {names.count(name)} are called {name}; evaluate again with name=<another>")
    for other in evaluations[1:]:
        both = f"{first.folder} and {other.folder}"
        here, there = conditions(first), conditions(other)
        for key in dict.fromkeys([*here, *there]):
            if here.get(key) != there.get(key):
                raise UserError(f"{both} differ in {key}: {_brief(here.get(key))} and {_brief(there.get(key))}")
        _check_saved(first, other, both)


def _check_saved(first: Evaluation, other: Evaluation, both: str) -> None:
    for one, two in ((first, other), (other, first)):
        if lacking := [key for key in one.saved if key not in two.saved]:
            told = f"{describe(lacking[0])} and {len(lacking) - 1} more are only in {one.folder}"
            raise UserError(f"{both} saved different pictures: {told}; evaluate both with the same save=")
    for key in first.saved:
        for what in ("truth", "mask"):
            if not np.array_equal(first.pixels(key, what), other.pixels(key, what)):
                raise UserError(f"{both} differ in the {what} of {describe(key)}; evaluate both on the same data")
        if first.pixels(key, "picture").shape != other.pixels(key, "picture").shape:
            raise UserError(f"{both} differ in the size or channels of {describe(key)}")


def describe(key: Key) -> str:
    """Say which picture it is."""
    bucket, border, index = key
    return f"picture {index} of bucket {bucket_name(json.loads(bucket))}, border {border}"


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."
