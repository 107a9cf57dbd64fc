"""The jobs of a sweep as folders: each is named by its choices, and tells by its files how far it is.

Free of torch.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from omegaconf import OmegaConf

from inpaintlab.basics.locks import is_locked
from inpaintlab.records.failure import JobFailure
from inpaintlab.records.run import read_done

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


def state_of(folder: Path) -> State:
    """Read a job's state off its files."""
    if read_done(folder):
        return "done"
    if is_locked(folder):
        return "running"
    if (folder / JobFailure.FILE).exists():
        return "failed"
    return "interrupted" if (folder / "job.yaml").exists() else "waiting"
