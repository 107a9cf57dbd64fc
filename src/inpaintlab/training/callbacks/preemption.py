"""A run that is told to stop leaves a checkpoint first; under Slurm its job is queued again."""

import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

import torch.distributed
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from inpaintlab.training.callbacks.checkpoint import Checkpoints
from inpaintlab.training.launch import SIGNALS


class Preemption(Callback):
    """On SIGTERM, SIGUSR1, SIGUSR2 or Ctrl-C finish the step, write ``last.ckpt``, stop with status 128 + its number.

    All processes of a run stop after the same step, whichever of them got the signal. Under Slurm SIGUSR1, which
    ``sbatch --signal=USR1@120`` sends two minutes before the time is up, also puts the job back into the queue, where
    ``ckpt=auto`` lets it go on; after SIGUSR2 submitit does that by itself. A validation is finished first; a test is
    left at once, since the checkpoint of the end lies there already. A second Ctrl-C ends at once too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.former: dict[int, Any] = {}
        self.group: Any = None

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen from here, so that the loaders' processes, which begin now, do not die of a signal to all."""
        self._listen()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen, in place of Lightning's own handlers."""
        self._listen()
        if trainer.world_size > 1:  # on the CPU, so that asking does not wait for the GPU
            timeout = getattr(trainer.strategy, "timeout", None)
            self.group = torch.distributed.new_group(backend="gloo", timeout=timeout)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Ask all processes; stop if one was told to. Gradients that are being gathered are not thrown away."""
        if trainer.fit_loop._should_accumulate():
            return
        number = self._agreed()
        if not number:
            return
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, Checkpoints):
                callback.save_last(trainer, pl_module)
        trainer._logger_connector.update_train_step_metrics()  # Lightning would do it after this hook
        self._stop(trainer, number, f"stopped after iteration {int(pl_module.iteration)}")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen no more."""
        self._restore()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen again."""
        self._listen()

    def on_test_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:  # noqa: ARG002
        """Stop if told to."""
        if self.received:
            self._stop(trainer, self.received, "stopped in the test")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen no more."""
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        """Listen no more, unless the process is about to end: a second signal does not change its status then."""
        if not self.received:
            self._restore()

    def _listen(self) -> None:
        for number in (*SIGNALS, signal.SIGINT):
            former = signal.signal(number, self._receive)
            if former != self._receive:
                self.former.setdefault(number, former)

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # torchrun hands Ctrl-C on to processes that have had it from the terminal already.
        if number == self.received == signal.SIGINT and "TORCHELASTIC_RUN_ID" not in os.environ:
            raise KeyboardInterrupt
        self.received = number

    def _agreed(self) -> int:
        """Return the signal that any process got, or 0."""
        if self.group is None:
            return self.received
        number = torch.tensor(self.received)
        torch.distributed.all_reduce(number, torch.distributed.ReduceOp.MAX, group=self.group)
        return int(number)

    def _stop(self, trainer: Trainer, number: int, what: str) -> None:
        self.received = number
        if trainer.is_global_zero:
            print(f"{signal.Signals(number).name}: {what}", flush=True)
            job = os.environ.get("SLURM_JOB_ID")
            if job and number == signal.SIGUSR1:
                requeue(job)
        raise SystemExit(128 + number)

    def _restore(self) -> None:
        for number, handler in self.former.items():
            signal.signal(number, handler)
        self.former = {}


def requeue(job: str) -> None:
    """Put a Slurm job back into the queue; Slurm ends what is left of it."""
    try:
        done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True)
        trouble = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        trouble = str(error)
    print(f"job {job}: {f'not queued again: {trouble}' if trouble else 'queued again'}", file=sys.stderr, flush=True)
