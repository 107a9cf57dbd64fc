"""The votes: one SQLite file, one row for each participant and trial, on disk before the answer is given."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cells import Bucket, Cell
from inpaintlab.study.trials import Trial

TABLE = """
CREATE TABLE IF NOT EXISTS votes (
    participant TEXT NOT NULL,
    number INTEGER NOT NULL,    -- of the trial, from 0
    bucket TEXT NOT NULL,       -- as JSON
    border TEXT NOT NULL,
    picture INTEGER NOT NULL,   -- index in the split
    "left" TEXT NOT NULL,       -- method
    "right" TEXT NOT NULL,
    exposure REAL,              -- seconds asked for; NULL: until the answer
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right')),
    shown REAL,                 -- seconds that the pictures were shown, as measured in the page
    seconds REAL,               -- from their appearance to the answer
    time TEXT NOT NULL,         -- UTC
    PRIMARY KEY (participant, number)
)
"""


@dataclass(frozen=True)
class Vote:
    """One answer."""

    participant: str
    number: int
    cell: Cell
    picture: int
    left: str
    right: str
    exposure: float | None
    choice: str
    shown: float | None
    seconds: float | None
    time: str

    @property
    def chosen(self) -> str:
        """The method that was preferred."""
        return self.left if self.choice == "left" else self.right


class VoteStore:
    """Votes in a file; used by the threads of one server, read by others meanwhile (write-ahead log)."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise self._useless(error) from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")  # a vote outlives a power cut
            self._connection.execute(TABLE)
        except (sqlite3.Error, UnicodeDecodeError) as error:  # of what a damaged file says itself
            self.close()
            raise self._useless(error) from error

    def _useless(self, error: Exception) -> UserError:
        reason = " ".join(str(error).split())
        return UserError(f"{self.path}: votes can neither be read nor stored there ({reason}); give another folder")

    def add(
        self,
        participant: str,
        number: int,
        trial: Trial,
        choice: str,
        shown: float | None = None,
        seconds: float | None = None,
    ) -> bool:
        """Store an answer; False if this trial has one, which stays."""
        item = trial.item
        row = (participant, number, json.dumps(item["bucket"]), item["border"], item["index"])
        row += (trial.left, trial.right, trial.exposure, choice, shown, seconds)
        row += (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),)
        with self._lock:
            marks = ", ".join("?" * len(row))
            rule = "ON CONFLICT (participant, number) DO NOTHING"
            return self._connection.execute(f"INSERT INTO votes VALUES ({marks}) {rule}", row).rowcount == 1

    def answered(self, participant: str) -> int:
        """Return the participant's number of votes."""
        query = "SELECT COUNT(*) FROM votes WHERE participant = ?"
        with self._lock:
            return self._connection.execute(query, (participant,)).fetchone()[0]

    def votes(self) -> Iterator[Vote]:
        """Yield all votes, in the order of participants and trials; ``UserError`` for what no server of ours wrote."""
        try:
            with self._lock:
                rows = self._connection.execute("SELECT * FROM votes ORDER BY participant, number").fetchall()
            for participant, number, bucket, border, *rest in rows:
                yield Vote(participant, number, Cell(Bucket.read(json.loads(bucket)), border), *rest)
        except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
            raise UserError(f"{self.path}: its votes cannot be read ({error}); repair or remove the file") from error

    def close(self) -> None:
        """Leave one whole file without a log beside it."""
        self._connection.close()
