"""Folders that one process at a time works in."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import unwritable

PATIENCE = 10.0
"""Seconds for which a folder that is taken is asked for again."""


@contextmanager
def lock_folder(folder: Path) -> Iterator[IO[str]]:
    """Hold a job, so that no other sweep works on it; waits for one that does.

    Yields the file whose lock it is. A child that inherits it holds the job too, and goes on doing so if the sweep is
    killed: the next sweep then waits for its result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        if is_locked(folder):
            print(f"{folder.name}: waiting for a process that is still at it", flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def is_locked(folder: Path) -> bool:
    """Tell whether some process works on the job."""
    path = folder / ".lock"
    if not path.exists():
        return False
    with path.open() as file:
        return not _locked(file)


@contextmanager
def work_alone(folder: Path, work: str) -> Iterator[None]:
    """Keep every other process from the same work in this folder; ``UserError`` where one is at it already.

    ``work`` is a verb in its -ing form, such as ``training``. The lock dies with the process.
    """
    path = folder / f".{work}"
    # The loaders of a process that was killed hold its lock for the moment that they live on.
    until = time.monotonic() + PATIENCE
    while (held := _take(path)) is None:
        if time.monotonic() >= until:
            raise UserError(f"{folder}: another process is {work} in it; wait for its end, or give another folder")
        time.sleep(0.1)
    with held:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _take(path: Path) -> IO[str] | None:
    """Return the file, locked; None while another process has it.

    A lock counts only on the file that still has the name: its holder removes it, and what was opened before that is
    nobody's, while the next one makes a new file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise unwritable(path.parent, error) from error
    with suppress(FileNotFoundError):
        if _locked(file) and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    file.close()
    return None


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
