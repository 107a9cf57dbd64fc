"""A loss that is not finite stops the run before the step that would spoil the weights."""

from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file
from inpaintlab.batch import Batch


class FiniteLoss(Callback):
    """Stop at a NaN or infinity, and write ``<folder>/not_finite.pt``.

    The file holds ``iteration``, ``loss``, the ``batch`` (image, known), the ``norms`` of all parameters and buffers
    and the last logged ``metrics``; ``torch.load`` reads it. ``every`` is the number of losses from one look to the
    next: a look waits for the GPU.
    """

    def __init__(self, folder: str, every: int = 1) -> None:
        super().__init__()
        self.folder, self.every = Path(folder), every
        self.batch: Batch | None = None
        self.losses = 0

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Remember the batch."""
        self.batch = batch

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Look at a loss, each player's own in a GAN."""
        self.losses += 1
        if self.losses % self.every or torch.isfinite(loss).all():
            return
        path = self.folder / f"not_finite{f'.{trainer.global_rank}' if trainer.world_size > 1 else ''}.pt"
        record = self._record(trainer, pl_module, loss.detach())
        write_file(path, lambda temporary: torch.save(record, temporary))
        raise UserError(
            f"the loss of iteration {record['iteration']} is {record['loss']:g}; "
            f"batch, norms and iteration are in {path}; "
            "go on from the last checkpoint with a smaller learning rate or in trainer.precision=32-true"
        )

    def _record(self, trainer: Trainer, pl_module: Any, loss: Tensor) -> dict[str, Any]:
        assert self.batch is not None
        return {
            "iteration": int(pl_module.iteration),
            "loss": float(loss),
            "batch": tuple(part.detach().cpu() for part in self.batch),
            "norms": {name: float(value.float().norm()) for name, value in pl_module.state_dict().items()},
            "metrics": {name: float(value) for name, value in trainer.callback_metrics.items()},
        }
