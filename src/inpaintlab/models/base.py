"""The contract of a paper: three members, and everything else is the base's."""

from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor

from inpaintlab.batch import Batch, composite
from inpaintlab.distributed import copy_buffers_of_first
from inpaintlab.metrics.inpainting import InpaintingMetrics


class InpaintingModule(LightningModule):
    """A paper writes ``inpaint``, ``losses``, ``configure_optimizers``; the base trains, judges and predicts with them.

    The constructor of a paper takes plain scalars, strings and lists, calls ``save_hyperparameters()`` and builds its
    own networks, so that a checkpoint holds plain data and loads without Hydra.
    """

    judged: Literal["completed", "raw"] = "completed"
    """Which picture is judged and delivered; a blind model says ``raw``."""
    divisor: int = 1
    """The network needs sides that are multiples of this; ``predict`` pads to it, ``train`` checks it at start."""
    trained: bool = False
    """Ready for use without a checkpoint: a method without training, or a model whose weights were given to it."""
    iterations: int | None = None
    """How long the paper trains, in optimiser steps; the run ends there, unless the Trainer ends it before."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics = InpaintingMetrics()
        # The clock of every schedule. trainer.global_step counts the steps of all optimisers, so none may read it.
        self.register_buffer("iteration", torch.zeros((), dtype=torch.long))

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: corrupted (B, C, H, W), known (B, 1, H, W) -> raw prediction (B, C, H, W) in [0, 1].

        May search, never sees the truth; a blind model ignores ``known``.
        """
        raise NotImplementedError

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return named scalars, already weighted, whose sum is minimised; needs no Trainer."""
        raise NotImplementedError

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Sum and log the losses."""
        losses = self.losses(batch)
        total = torch.stack(list(losses.values())).sum()
        self.log_dict({f"train/{name}": value.detach() for name, value in losses.items()})
        self.log("train/loss", total.detach(), prog_bar=True)
        return total

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Step, and let the clock tick."""
        super().optimizer_step(*args, **kwargs)
        self.tick()

    def tick(self) -> None:
        """Count one iteration; after the paper's last one the run ends."""
        self.iteration += 1
        self._stop_when_done()

    def on_train_start(self) -> None:
        """Train no further where the checkpoint that is resumed was the end."""
        self._stop_when_done()

    def _stop_when_done(self) -> None:
        if self.iterations is not None and self.iteration >= self.iterations:
            self.trainer.should_stop = True

    def judged_picture(self, batch: Batch) -> Tensor:
        """Inpaint and return the picture that is judged, (B, C, H, W) in [0, 1]."""
        prediction = self.inpaint(batch.corrupted, batch.known)
        return composite(prediction, batch) if self.judged == "completed" else prediction

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Judge one batch."""
        self.metrics.update(self.judged_picture(batch), batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Judge one batch, as in validation."""
        self.validation_step(batch, batch_idx)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Return the judged picture, (B, C, H, W) in [0, 1]."""
        return self.judged_picture(batch)

    def on_validation_epoch_start(self) -> None:
        """Begin with empty metrics, and with the same running statistics in every process."""
        copy_buffers_of_first(list(self.buffers()))
        self.metrics.to(self.device).reset()

    def on_validation_epoch_end(self) -> None:
        """Log ``val/<metric>``."""
        self._log_metrics("val")

    def on_test_epoch_start(self) -> None:
        """Begin with empty metrics."""
        self.metrics.to(self.device).reset()

    def on_test_epoch_end(self) -> None:
        """Log ``test/<metric>``."""
        self._log_metrics("test")

    def _log_metrics(self, split: str) -> None:
        values = {f"{split}/{name}": value for name, value in self.metrics.compute().items()}
        self.log_dict(values, sync_dist=True)  # equal already; it keeps Lightning from warning

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Write down the class, so that the checkpoint alone tells which model it is."""
        checkpoint["model"] = f"{type(self).__module__}.{type(self).__qualname__}"
