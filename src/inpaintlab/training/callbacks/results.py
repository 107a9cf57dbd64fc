"""``results.json``, kept up to date while a run trains; ``records.run`` is its schema."""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities import rank_zero_only

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.provenance import commit, device_name, peak_memory_mb, versions
from inpaintlab.records.run import RunCost, RunRecord

PATHS = {"checkpoint": "checkpoints/last.ckpt", "best": "checkpoints/best.ckpt", "samples": "samples"}


class Results(Callback):
    """Keep ``<folder>/results.json`` up to date while training; ``finish`` adds the test.

    ``header`` gives name, choices, overrides, seed and notice.
    """

    def __init__(self, folder: str | Path, header: Mapping[str, Any]) -> None:
        super().__init__()
        self.folder = Path(folder)
        paths: dict[str, str | None] = {"run": str(self.folder.absolute())}
        self.record = RunRecord(status="running", versions=versions(), commit=commit(), paths=paths, **header)
        self.seconds, self.pictures = 0.0, 0
        self.since: float | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the file for the first time."""
        for name in ("size", "channels"):
            setattr(self.record, name, getattr(trainer.datamodule, name, None))  # type: ignore[attr-defined]
        self._update(trainer, pl_module)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Start the clock."""
        self.since = time.monotonic()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Count the pictures."""
        self.pictures += len(batch.image) * trainer.world_size

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Stop the clock."""
        self._stop_clock()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the new metrics down, and start the clock again."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self.record.metrics.update(_values(trainer.callback_metrics))
            self._update(trainer, pl_module)
            self.since = time.monotonic()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the final cost down."""
        self._stop_clock()
        self._update(trainer, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Say how the run ended."""
        self._stop_clock()
        self.record.status = "interrupted" if isinstance(exception, KeyboardInterrupt) else "failed"
        with contextlib.suppress(UserError):  # on a full disk; the exception says why the run ended
            self._update(trainer, pl_module)

    def finish(self, tested: Mapping[str, Mapping[str, float]]) -> None:
        """Add the test metrics, {name: {metric: value}}: the run's own under its name, all others are baselines."""
        named = {name: {f"test/{metric}": value for metric, value in values.items()} for name, values in tested.items()}
        self.record.metrics.update(named.pop(self.record.name))
        self.record.baselines = named
        self.record.status = "done"
        self.write()

    @rank_zero_only
    def write(self) -> None:
        """Replace the file."""
        for name, path in PATHS.items():
            self.record.paths[name] = path if (self.folder / path).exists() else None
        self.record.write(self.folder)

    def state_dict(self) -> dict[str, Any]:
        """Remember the cost so far over a resume."""
        running = time.monotonic() - self.since if self.since is not None else 0.0
        return {"seconds": self.seconds + running, "pictures": self.pictures}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting."""
        self.seconds, self.pictures = state_dict["seconds"], state_dict["pictures"]

    def _stop_clock(self) -> None:
        if self.since is not None:
            self.seconds += time.monotonic() - self.since
            self.since = None

    def _update(self, trainer: Trainer, pl_module: Any) -> None:
        device = trainer.strategy.root_device
        self.record.cost = RunCost(
            parameters=sum(p.numel() for p in pl_module.parameters() if p.requires_grad),
            iterations=int(pl_module.iteration),
            train_seconds=round(self.seconds, 2),
            pictures_per_second=round(self.pictures / self.seconds, 2) if self.seconds else None,
            peak_memory_mb=peak_memory_mb(device),
            device=device_name(device, trainer.world_size),
        )
        self.write()


def _values(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the validation's, of both sets where there are two: ``val/psnr``, ``val_<name>/psnr``."""
    return {name: float(value) for name, value in metrics.items() if name.startswith(("val/", "val_"))}
