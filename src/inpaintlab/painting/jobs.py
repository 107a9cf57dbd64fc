"""The queue before each model: one picture at a time, the others wait, and any of them may be called off."""

import multiprocessing
import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from inpaintlab.basics.errors import UserError
from inpaintlab.painting import worker
from inpaintlab.painting.worker import Answer, Judged, Ready, Task

LONGEST = 16
"""Pictures that may wait for one model."""
PATIENCE = 0.05
"""Seconds between two looks at whether a job has been called off."""

PROCESSES = multiprocessing.get_context("spawn")
"""A fork would share the server's threads and sockets."""

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Job:
    """One picture for one model, and what became of it."""

    def __init__(self, model: str, task: Task) -> None:
        self.id = secrets.token_hex(8)
        self.model, self.task = model, task
        self.state: State = "waiting"
        self.answer: Answer | None = None
        self.message = ""
        self.scores: dict[str, float | None] | None = None
        self.unscored = ""
        """Why it has no scores though the truth is known."""

    @property
    def finished(self) -> bool:
        """Tell whether it is filled, or never will be."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def scoring(self) -> bool:
        """Tell whether scores are still to come."""
        return self.state == "done" and self.task.truth is not None and self.scores is None and not self.unscored


class ModelQueue:
    """A model's process, and the pictures that wait for it.

    Args:
        name: of the model, as ``inpaintlab.load`` takes it; ``label`` is what people see.
        arguments: of ``target`` after the pipe's end.
        target: what the process runs.
        context: makes processes and pipes: ``multiprocessing``'s own, or what has its form.
    """

    def __init__(
        self,
        label: str,
        arguments: tuple[Any, ...],
        target: Callable[..., None] = worker.run,
        context: Any = PROCESSES,
    ) -> None:
        self.label, self.arguments, self.target, self.context = label, arguments, target, context
        self.state: Literal["loading", "ready", "failed"] = "loading"
        self.blind: bool | None = None
        self.message = ""
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._process: Any = None
        self._pipe: Any = None
        self._thread = threading.Thread(target=self._work, name=f"queue of {label}", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> Job:
        """Put a picture at the end of the queue; ``UserError`` where too many wait.

        A model that could not be loaded is tried again: its file may have come by now, or the memory.
        """
        with self._changed:
            if len(self._waiting) >= LONGEST:
                raise UserError(f"{self.label}: {LONGEST} pictures wait already; cancel some, or wait")
            if self.state == "failed":
                self.state, self.message = "loading", ""
            job = Job(self.label, task)
            self._waiting.append(job)
            self._changed.notify()
        return job

    def cancel(self, job: Job) -> None:
        """Call a job off, whether it waits or runs; one that is finished stays as it is."""
        with self._changed:
            if job.finished:
                return
            job.state = "cancelled"
            if job in self._waiting:
                self._waiting.remove(job)

    def place(self, job: Job) -> int:
        """Return how many pictures are filled before this one."""
        with self._changed:
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def close(self) -> None:
        """End the process and the thread; what waits is called off."""
        with self._changed:
            self._closing = True
            for job in self._waiting:
                job.state = "cancelled"
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(10)

    def _work(self) -> None:
        self._start()
        while (job := self._take()) is not None:
            self._run(job)
        self._stop()

    def _start(self) -> None:
        """Start the process and wait until the model is loaded, or cannot be."""
        self.state = "loading"
        self._pipe, other = self.context.Pipe()
        self._process = self.context.Process(target=self.target, args=(other, *self.arguments))
        self._process.daemon = True
        self._process.start()
        other.close()  # so that the process's end is seen here
        reply = self._reply(lambda: self._closing)
        with self._changed:
            if isinstance(reply, Ready):
                self.blind, self.state = reply.blind, "ready"
                return
            self.message = f"{self.label}: {self._why(reply)}"
            self.state = "failed"
            for job in self._waiting:
                job.state, job.message = "failed", self.message
            self._waiting.clear()

    def _take(self) -> Job | None:
        """Return the next job, which runs from now on; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if self._closing:
                return None
            job = self._waiting.popleft()
            job.state = "running"
            return job

    def _run(self, job: Job) -> None:
        if self.state != "ready" or not self._process.is_alive():  # it failed, or was ended while nothing was to do
            self._stop()
            self._start()
        reply = None
        if self.state == "ready":
            try:
                self._pipe.send(job.task)
                reply = self._reply(lambda: self._closing or job.state == "cancelled")
            except OSError:  # it ended just now
                self._process.join(1)
        with self._changed:
            called_off = job.state == "cancelled" or self._closing
            if called_off:
                job.state = "cancelled"
            elif isinstance(reply, Answer):
                job.answer, job.state = reply, "done"
            elif self.state == "failed":
                job.message, job.state = self.message, "failed"
            else:
                job.message, job.state = f"{self.label}: {self._why(reply)}", "failed"
        if isinstance(reply, Answer) and job.task.truth is not None:
            reply = self._reply(lambda: self._closing)
            if isinstance(reply, Judged):
                job.scores = reply.scores
            else:
                job.unscored = self._why(reply)
        if reply is None and self.state != "failed" and not self._closing:  # it was stopped, or has stopped by itself
            self._stop()
            self._start()

    def _reply(self, stopped: Callable[[], bool]) -> Any:
        """Wait for what the process says; None if it ended, or is not to be waited for any more."""
        try:
            while not self._pipe.poll(PATIENCE):
                if stopped():
                    return None
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(1)
            return None

    def _why(self, reply: Any) -> str:
        if isinstance(reply, worker.Trouble):
            return reply.message
        return f"its process ended (exit code {self._process.exitcode}): a crash, or too little memory"

    def _stop(self) -> None:
        if self._process is not None and self._process.is_alive() and hasattr(self._process, "kill"):
            self._process.kill()
            self._process.join(5)
        self._pipe.close()
