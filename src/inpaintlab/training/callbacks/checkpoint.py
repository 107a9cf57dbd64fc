"""The checkpoints of a run: the last one, the one before it, and the best one."""

import contextlib
import math
import os
from pathlib import Path
from typing import Any, Literal

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from inpaintlab.basics.files import unwritable
from inpaintlab.models.checkpoints import read_checkpoint


class Checkpoints(Checkpoint):
    """Keep ``<folder>/last.ckpt``, ``previous.ckpt`` and ``best.ckpt``.

    ``last`` is written every ``every`` iterations and after the last one, and the ``last`` before it is kept as
    ``previous`` for the case that the machine goes down with the file half on the disk; ``best`` is written at each
    validation that improves on ``monitor``. A checkpoint gets its name when it is complete. Counts with the model's own
    clock: Lightning's ModelCheckpoint counts the steps of all optimisers, and leaves no checkpoint of the end where
    training stops between two of its dates.
    """

    def __init__(
        self, folder: str, every: int = 1000, monitor: str = "val/psnr_hole", mode: Literal["max", "min"] = "max"
    ) -> None:
        super().__init__()
        self.folder, self.every, self.monitor, self.mode = Path(folder), every, monitor, mode
        self.best: float | None = None
        self.saved_at = -1

    @property
    def last_model_path(self) -> Path:
        """Where the last checkpoint lies."""
        return self.folder / "last.ckpt"

    @property
    def best_model_path(self) -> Path:
        """Where the best checkpoint lies."""
        return self.folder / "best.ckpt"

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:  # noqa: ARG002
        """Know the best value of a run that goes on: its last validation may be younger than ``last.ckpt``."""
        if stage == "fit" and self.best_model_path.is_file():
            own = read_checkpoint(self.best_model_path).get("callbacks", {}).get(self.state_key, {})
            self.best = own.get("best")

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Save ``last`` when it is time; gradients that are being gathered are in no checkpoint, so then it is not.

        The checkpoint of an ordered stop is written here too: once Lightning has left the loop it calls the epoch done.
        """
        if trainer.fit_loop._should_accumulate():
            return
        if int(pl_module.iteration) % self.every == 0 or trainer.should_stop or _has_all_steps(trainer):
            self.save_last(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Save ``best`` if it is."""
        value = trainer.callback_metrics.get(self.monitor)
        if trainer.sanity_checking or trainer.state.fn != "fit" or value is None or math.isnan(value):
            return
        value = float(value)
        if self.best is None or (value > self.best if self.mode == "max" else value < self.best):
            self.best = value
            save_whole(trainer, self.best_model_path)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save ``last``, whatever ended the training: its iterations, its time, or the user's limit."""
        self.save_last(trainer, pl_module)

    def save_last(self, trainer: Trainer, pl_module: Any) -> None:
        """Save ``last``, unless that of this iteration is there already."""
        if self.saved_at != int(pl_module.iteration):
            self.saved_at = int(pl_module.iteration)
            for logger in trainer.loggers:
                logger.save()  # the curves reach as far as the checkpoint, whatever happens after it
            save_whole(trainer, self.last_model_path, self.folder / "previous.ckpt")

    def state_dict(self) -> dict[str, Any]:
        """Write the best value down."""
        return {"best": self.best}


def _has_all_steps(trainer: Trainer) -> bool:
    return 0 <= (trainer.max_steps or -1) <= trainer.global_step


def save_whole(trainer: Trainer, path: Path, previous: Path | None = None) -> None:
    """Write a checkpoint under another name and rename it; the file it replaces becomes ``previous``.

    Where that fails the last one stays, the half that fills the disk is removed, and ``UserError`` tells why.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        trainer.save_checkpoint(temporary, weights_only=False)
        if trainer.is_global_zero:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            if previous is not None and path.exists():
                os.replace(path, previous)
            os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            if previous is not None and previous.exists() and not path.exists():
                os.replace(previous, path)
            temporary.unlink()
        raise unwritable(path, error) from error
