"""The two checkpoints of a run: the last one and the best one."""

import math
from pathlib import Path
from typing import Any, Literal

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint


class Checkpoints(Checkpoint):
    """Keep ``<folder>/last.ckpt`` and ``<folder>/best.ckpt``.

    ``last`` is written every ``every`` iterations and when training ends, ``best`` at each validation that improves
    on ``monitor``. Counts with the model's own clock: Lightning's ModelCheckpoint counts the steps of all optimisers,
    and leaves no checkpoint of the end where training stops between two of its dates.
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

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Save ``last`` when it is time."""
        if int(pl_module.iteration) % self.every == 0:
            self._save_last(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Save ``best`` if it is."""
        value = trainer.callback_metrics.get(self.monitor)
        if trainer.sanity_checking or trainer.state.fn != "fit" or value is None or math.isnan(value):
            return
        value = float(value)
        if self.best is None or (value > self.best if self.mode == "max" else value < self.best):
            self.best = value
            trainer.save_checkpoint(self.best_model_path, weights_only=False)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save ``last``, whatever ended the training: its iterations, its time, or the user's limit."""
        self._save_last(trainer, pl_module)

    def _save_last(self, trainer: Trainer, pl_module: Any) -> None:
        if self.saved_at != int(pl_module.iteration):
            self.saved_at = int(pl_module.iteration)
            trainer.save_checkpoint(self.last_model_path, weights_only=False)

    def state_dict(self) -> dict[str, Any]:
        """Remember the best value over a resume."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the best value up again."""
        self.best = state_dict["best"]
