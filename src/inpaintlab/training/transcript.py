"""``train.log``: what a training has printed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from inpaintlab.basics.errors import UserError

FILE = "train.log"
"""Hydra's log of the same name has the warnings; both append."""


@contextmanager
def transcript(folder: Path) -> Iterator[None]:
    """Write what is printed into the folder's ``train.log`` too, and the message of the ``UserError`` that ends it."""
    out, err = (_Both(stream, folder / FILE) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):  # type: ignore[type-var]
        try:
            yield
        except UserError as error:
            out.append(f"error: {error}")
            raise


class _Both:
    """A stream whose finished lines go into a file as well; a bar that redraws itself never finishes one."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream, self._path, self._line = stream, path, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write to the stream, and every whole line to the file."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self.append(line.rpartition("\r")[2])
        return self._stream.write(text)

    def append(self, line: str) -> None:
        """Add a line to the file, which another may have made."""
        with self._path.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")
