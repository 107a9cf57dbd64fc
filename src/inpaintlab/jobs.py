"""The jobs of a sweep as folders: each is named by its choices, and tells by its files how far it is.

Free of torch.
"""

import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from omegaconf import OmegaConf

State = Literal["done", "failed", "running", "interrupted", "waiting"]
MACHINE = (
    "runs=", "data.root=", "data.num_workers=", "hardware=", "logger=", "logger.", "trainer.devices=",
    "trainer.accelerator=", "model.vgg_weights=", "mask.root=", "compile=", "retries=", "hydra", "+hydra",
    "callbacks.progress.", "experiment=",
)  # fmt: skip
"""Beginnings of the words that tell where a job runs, not what it finds."""
LONGEST = 120


def choices(words: Iterable[str]) -> list[str]:
    """Return those of the command line's words that decide a job's result, sorted."""
    return sorted(word for word in words if not word.startswith(MACHINE))


def job_folder(words: Iterable[str]) -> str:
    """Name a job's folder by its choices, in whatever order they were given."""
    text = ",".join(choices(words)) or "default"
    name = re.sub(r"[^\w.,=+-]+", "_", text)
    if name != text or len(name) > LONGEST:
        name = f"{name[:LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return name


OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


@contextmanager
def held(folder: Path) -> Iterator[IO[str]]:
    """Hold a job, so that no other sweep works on it; waits for one that does.

    Yields the file whose lock it is. A child that inherits it holds the job too, and goes on doing so if the sweep is
    killed: the next sweep then waits for its result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        if is_held(folder):
            print(f"{folder.name}: waiting for a process that is still at it", flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def is_held(folder: Path) -> bool:
    """Tell whether some process works on the job."""
    path = folder / ".lock"
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def state_of(folder: Path) -> State:
    """Read a job's state off its files."""
    if finished(folder):
        return "done"
    if is_held(folder):
        return "running"
    if (folder / "failure.json").exists():
        return "failed"
    return "interrupted" if (folder / "job.yaml").exists() else "waiting"


def finished(folder: Path) -> dict[str, Any] | None:
    """Return what ``results.json`` says if the job is done; None otherwise."""
    record = read_json(folder / "results.json")
    return record if record and record.get("status") == "done" else None


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a file of this project's; None where there is none. They are replaced as a whole, so never half there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
