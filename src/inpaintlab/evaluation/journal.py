"""What has been judged so far, on disk: a kill at any moment costs the batches in the air and nothing else.

``<folder>/journal/`` holds ``settings.json`` (all that decides the numbers) and, of each process, ``<rank>.jsonl`` with
a line per finished batch. A line counts once its newline is on the disk; a torn one is cut off, its batch done again.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import load_json, write_json
from inpaintlab.basics.kinds import is_of
from inpaintlab.records.comparison import differences
from inpaintlab.records.evaluation import EvaluationRecord

BatchKey = tuple[int, int]
"""(cell, batch)."""
Line = dict[str, Any]
"""One finished batch: cell, batch, pictures, scores, cost; see ``predictions``."""


class Journal:
    """The journal below one output folder."""

    def __init__(self, output: Path) -> None:
        self.output, self.folder = output, output / "journal"

    def begin(self, settings: Mapping[str, Any]) -> bool:
        """Make the folder ready, for one process alone; True if the evaluation is complete already.

        An evaluation with other settings in the same folder raises ``UserError``.
        """
        finished, unfinished = self.output / EvaluationRecord.FILE, self.folder / "settings.json"
        if finished.is_file():
            self._compare(read_record(finished).get("settings", {}), settings)
            self.remove()
            return True
        for path in self._files():
            cut_torn_tail(path)
        if self.places():
            self._compare(read_record(unfinished), settings)
        else:  # nothing can be lost: an evaluation that stopped before its first batch makes room
            self.remove()
            write_json(unfinished, settings)
        return False

    def add(self, rank: int, line: Line) -> None:
        """Append one finished batch and wait until it is on the disk."""
        with (self.folder / f"{rank}.jsonl").open("ab") as file:
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def places(self) -> dict[BatchKey, tuple[Path, int]]:
        """Return where the line of each finished batch begins."""
        places: dict[BatchKey, tuple[Path, int]] = {}
        for path in self._files():
            with path.open("rb") as file:
                offset = 0
                for text in file:
                    line = parse(text)
                    if line is not None:
                        places.setdefault((line["cell"], line["batch"]), (path, offset))
                    offset += len(text)
        return places

    def lines(self) -> Iterator[Line]:
        """Walk through all finished batches, cell by cell and in the order of the pictures, one in memory at a time."""
        places = self.places()
        for key in sorted(places):
            path, offset = places[key]
            with path.open("rb") as file:
                file.seek(offset)
                yield json.loads(file.readline())

    def remove(self) -> None:
        """Forget everything: the evaluation's own files say it all."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def _compare(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        if apart := differences(old, json.loads(json.dumps(new))):
            raise UserError(
                f"output={self.output}: holds an evaluation with {apart[0]}; choose another folder, or remove this one"
            )


def parse(text: bytes) -> Line | None:
    """Read one line, or return None if it is torn or damaged."""
    try:
        line = json.loads(text) if text.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and is_of([line.get("cell"), line.get("batch")], list[int])
    return line if whole and "scores" in line else None


def cut_torn_tail(path: Path) -> None:
    """Cut the file after its last newline, so that the next line begins on a line of its own."""
    with path.open("rb+") as file:
        end = size = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 2**16)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)


def read_record(path: Path) -> dict[str, Any]:
    """Read a JSON object; anything else raises ``UserError``."""
    try:
        record = load_json(path)
    except ValueError as error:
        raise UserError(f"{path}: unreadable ({error}); remove it, or choose another output folder") from error
    if not isinstance(record, dict):
        raise UserError(f"{path}: no evaluation; remove it, or choose another output folder")
    return record
