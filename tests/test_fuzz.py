"""Damaged inputs of every kind: the right value or one line, nothing else. ``tools/fuzz.py`` is the long form."""

import random
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.fuzzing import ATTACKS

TIMES = {"picture": 120, "mask": 80, "mask manifest": 60, "shards": 60, "report": 4, "checkpoint": 40, "study": 80,
         "votes": 80, "split file": 40, "list file": 40, "path": 80, "command line": 6}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", ATTACKS)
def test_damaged_input_is_read_or_told(kind, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2**16)  # a damaged size is then refused, and takes no memory
    for seed in range(TIMES[kind]):
        with tempfile.TemporaryDirectory() as folder:
            try:
                ATTACKS[kind](random.Random(f"{kind} {seed}"), Path(folder))
            except Exception as error:
                raise AssertionError(
                    f"python tools/fuzz.py {kind!r} {seed}: {type(error).__name__}: {error}"
                ) from error
