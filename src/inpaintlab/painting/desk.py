"""What the page's requests work with: open pictures, fills, the models' queues and the limits. Free of Starlette."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.painting.files import Open, filled
from inpaintlab.painting.jobs import Job, ModelQueue
from inpaintlab.painting.shelf import Shelf
from inpaintlab.painting.worker import Task

ROOM = 1 << 30
"""Bytes of pixels that are kept open."""


@dataclass(frozen=True)
class Fill:
    """A job, and the picture that it fills."""

    job: Job
    opened: Open

    @property
    def result(self) -> Open:
        """Return the filled picture; ``UserError`` if there is none yet."""
        if self.job.answer is None:
            raise UserError(f"{self.job.model}: {self.job.state}; there is no result")
        return filled(self.opened, self.job.answer.pixels, self.job.task.hole)


class Desk:
    """The models' queues, what is open, and the limits.

    Args:
        queues: by the models' names as people see them.
        given: those names as ``inpaintlab.load`` takes them.
        photo: opened from the start; None: the page asks for one.
        output: folder of the test cases.
        megapixels: of a picture, at most.
    """

    def __init__(
        self,
        queues: Mapping[str, ModelQueue],
        given: Mapping[str, str],
        photo: Open | None,
        output: Path,
        megapixels: float,
    ) -> None:
        self.queues, self.given, self.output, self.megapixels = dict(queues), dict(given), output, megapixels
        self.pictures: Shelf[Open] = Shelf(ROOM)
        self.fills: Shelf[Fill] = Shelf(ROOM)
        self.photo = None if photo is None else (self.keep(photo), photo)
        self.chosen = next(iter(self.queues))
        """The model of IOPaint's requests."""

    @property
    def largest(self) -> int:
        """Return how many bytes a body may have: a picture without compression, in base64, and its mask."""
        return int(self.megapixels * 1e6 * 4 * 1.4) + (1 << 20)

    def keep(self, opened: Open) -> str:
        """Put a picture on its shelf and return its id."""
        key = secrets.token_hex(8)
        self.pictures.put(key, opened, opened.source.pixels.nbytes)
        return key

    def queue(self, model: Any) -> ModelQueue:
        """Return a model's queue; ``UserError`` for a name that is none."""
        if not isinstance(model, str) or model not in self.queues:
            raise UserError(f"model={model}: not on this page; expected one of {', '.join(self.queues)}")
        return self.queues[model]

    def submit(self, opened: Open, model: str | None, hole: np.ndarray | None) -> Fill:
        """Let a model fill a picture as soon as its turn comes."""
        queue = self.queue(model)
        if hole is None and queue.blind is not True:
            raise UserError(f"{model}: paint the hole first; this model must be told where it is")
        if hole is not None and not hole.any():
            raise UserError(f"{model}: nothing is painted; paint what is to be filled")
        if hole is not None and hole.all():
            raise UserError(f"{model}: everything is painted, nothing is known; leave something to go by")
        told = None if queue.blind else hole
        fill = Fill(queue.submit(Task(opened.source.pixels, told, opened.truth)), opened)
        self.fills.put(fill.job.id, fill, 2 * opened.source.pixels.nbytes)
        return fill

    def close(self) -> None:
        """End all models."""
        for queue in self.queues.values():
            queue.close()
