"""How a run shows that it is going on."""

import sys
import time
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar

from inpaintlab.training.opening import last_iteration


class Progress(TQDMProgressBar):
    """A bar with losses and metrics on a terminal; in a file one line every ``line_every`` iterations.

    ``refresh_rate`` is the number of batches between two refreshes of the bar.
    """

    def __init__(self, refresh_rate: int = 10, line_every: int = 100) -> None:
        self.plain = not sys.stdout.isatty()
        super().__init__(refresh_rate=0 if self.plain else refresh_rate)  # 0 switches the bar off
        self.line_every = line_every
        self.started = (0, 0.0)

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:  # noqa: ARG002
        """Return what is shown: the losses and the two measures that tell most."""
        metrics = trainer.callback_metrics
        shown = [name for name in metrics if name.startswith("train/")] + ["val/psnr", "val/psnr_hole"]
        return {name.removeprefix("train/"): f"{float(metrics[name]):.4g}" for name in shown if name in metrics}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Start the clock."""
        super().on_train_start(trainer, pl_module)
        self.started = (int(pl_module.iteration), time.monotonic())

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        """Refresh the bar, or print a line."""
        super().on_train_batch_end(trainer, pl_module, *args)
        if int(pl_module.iteration) % self.line_every == 0:
            self._line(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Refresh the bar, or print a line."""
        super().on_validation_end(trainer, pl_module)
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._line(trainer, pl_module)

    def _line(self, trainer: Trainer, pl_module: Any) -> None:
        if not self.plain or not trainer.is_global_zero:
            return
        iteration = int(pl_module.iteration)
        speed = (iteration - self.started[0]) / (time.monotonic() - self.started[1])
        metrics = "  ".join(f"{name} {value}" for name, value in self.get_metrics(trainer, pl_module).items())
        last = last_iteration(pl_module, trainer.max_steps) or "?"
        print(f"iteration {iteration}/{last}  {speed:.2f}/s  {metrics}", flush=True)
