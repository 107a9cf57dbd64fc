"""A run that is told to stop leaves a checkpoint first; under Slurm its job is queued again."""

import os
import signal
import subprocess
from types import FrameType
from typing import Any

import torch.distributed
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from inpaintlab.callbacks.checkpoint import Checkpoints

SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name)]


class Preemption(Callback):
    """On SIGTERM or SIGUSR1 finish the step, write ``last.ckpt`` and stop with status 128 + the signal's number.

    All processes of a run stop after the same step, whichever of them got the signal. Under Slurm SIGUSR1, which
    ``sbatch --signal=USR1@120`` sends two minutes before the time is up, also puts the job back into the queue, where
    ``ckpt=auto`` lets it go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.former: dict[int, Any] = {}
        self.group: Any = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen, in place of Lightning's own handlers."""
        self.former = {number: signal.signal(number, self._receive) for number in SIGNALS}
        if trainer.world_size > 1:  # on the CPU, so that asking does not wait for the GPU
            self.group = torch.distributed.new_group(backend="gloo")

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
        job = os.environ.get("SLURM_JOB_ID")
        if job and number == signal.SIGUSR1 and trainer.is_global_zero:
            subprocess.run(["scontrol", "requeue", job], check=True)
        if trainer.is_global_zero:
            print(f"{signal.Signals(number).name}: stopped after iteration {int(pl_module.iteration)}", flush=True)
        raise SystemExit(128 + number)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen no more."""
        self._restore()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        """Listen no more."""
        self._restore()

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.received = number

    def _agreed(self) -> int:
        """Return the signal that any process got, or 0."""
        if self.group is None:
            return self.received
        number = torch.tensor(self.received)
        torch.distributed.all_reduce(number, torch.distributed.ReduceOp.MAX, group=self.group)
        return int(number)

    def _restore(self) -> None:
        for number, handler in self.former.items():
            signal.signal(number, handler)
        self.former = {}
