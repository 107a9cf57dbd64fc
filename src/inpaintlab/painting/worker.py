"""One model in a process of its own: loaded once, then one picture after the other until the pipe is closed.

Whatever happens there, a crash of a library or a lack of memory that the system ends, the page's server lives on; and
ending the process is the one way to stop a model in the middle of a picture.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import user_message

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from inpaintlab.filling.fillers import Filler
    from inpaintlab.filling.settings import Strategy

MEASURES = ("psnr", "ssim", "l1")
STRATEGY: "Strategy" = "auto"


@dataclass(frozen=True)
class Task:
    """One picture to fill."""

    pixels: np.ndarray
    """(H, W, 1 or 3) uint8."""
    hole: np.ndarray | None
    """(H, W) bool; None for a blind model."""
    truth: np.ndarray | None = None
    """What the picture looks like without the hole, as ``pixels``, where that is known."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    blind: bool


@dataclass(frozen=True)
class Answer:
    """A filled picture."""

    pixels: np.ndarray
    """(H, W, 1 or 3) uint8, known pixels those of the task; of a blind model everything is new."""
    seconds: float
    how: str
    """What the strategy chose; may be empty."""


@dataclass(frozen=True)
class Judged:
    """How near the picture just filled is to the truth."""

    scores: dict[str, float | None]
    """PSNR in dB, SSIM and mean absolute error (of values in [0, 1]) in the hole."""


@dataclass(frozen=True)
class Trouble:
    """Why there is no model, no answer, or after an answer no scores: one line for people."""

    message: str


def run(connection: "Connection", name: str, device: str, trust: str | None) -> None:
    """Load the model, say so, and reply to each ``Task`` until the pipe is closed or None comes.

    A reply is an ``Answer``, and where the truth is known then ``Judged``; ``Trouble`` stands for what cannot be had.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which closes the pipe
    try:
        from inpaintlab.filling.fillers import find_filler

        model = find_filler(name, device, STRATEGY, trust)
    except Exception as error:  # whatever it is, the page says it
        connection.send(Trouble(tell(error)))
        return
    connection.send(Ready(model.blind))
    with contextlib.suppress(EOFError, OSError):
        while (task := connection.recv()) is not None:
            try:
                for reply in replies(model, task):
                    connection.send(reply)
            except Exception as error:  # one picture that cannot be filled does not end the model
                connection.send(Trouble(tell(error)))


def replies(model: "Filler", task: Task) -> Iterator[Answer | Judged]:
    """Fill one picture as ``inpaintlab predict`` does, then score it where the truth is known.

    The picture goes first: scoring imports torch, which a method without training does not wait for, and may fail.
    """
    from inpaintlab.filling.pixels import complete

    if model.blind:
        task = replace(task, hole=None)  # painted before it was known that the model takes none
    said: list[str] = []
    begun = time.perf_counter()
    completed = complete(model, task.pixels, task.hole, STRATEGY, said.append)
    yield Answer(completed, time.perf_counter() - begun, "; ".join(said))
    if task.truth is not None:
        yield Judged(judge(completed, task))


def judge(completed: np.ndarray, task: Task) -> dict[str, float | None]:
    """Score the hole by the protocol ``standard``; of a blind model without a mask, the whole picture."""
    from inpaintlab.evaluation.front import score

    hole = np.ones(completed.shape[:2], bool) if task.hole is None else task.hole
    try:
        return score(completed, task.truth, hole, measures=MEASURES)["hole"]  # type: ignore[arg-type]
    except UserError:  # smaller than SSIM's window
        return score(completed, task.truth, hole, measures=("psnr", "l1"))["hole"]  # type: ignore[arg-type]


def tell(error: Exception) -> str:
    """Say in one line what went wrong; of what is no error of the user's, the first cause with its kind."""
    if message := user_message(error):
        return message
    while isinstance(error.__cause__, Exception):  # Hydra's own line only says which class could not be made
        error = error.__cause__
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".rstrip(": ")
