"""The list of unreadable pictures, shared by the workers of a loader."""

import os
import tempfile
import weakref
from pathlib import Path


class BadImages:
    """Names and reasons of unreadable pictures, kept in a temporary file.

    Workers are processes of their own and forget what they know when they end; each appends a line to the file,
    whose path they share, and the main process reads it.
    """

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix="inpaintlab-bad-images-")
        os.close(handle)
        self.path = Path(name)
        weakref.finalize(self, _remove, self.path, os.getpid())

    def add(self, name: str, reason: str) -> None:
        """Note one picture; short appended lines of several processes do not mix."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{name}\t{reason}\n")

    def read(self) -> dict[str, str]:
        """Return {name: reason} of all that were met so far, in the order of their names."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return dict(sorted(line.split("\t", 1) for line in lines))


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked worker must not take the file away from the others
        path.unlink(missing_ok=True)
