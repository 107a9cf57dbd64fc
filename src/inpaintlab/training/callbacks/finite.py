"""A loss that is not finite stops the run before a checkpoint holds what it did to the weights."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file
from inpaintlab.batch import Batch


class Waiting(NamedTuple):
    """A loss that is not looked at yet."""

    iteration: int
    batch: Batch
    loss: Tensor


class FiniteLoss(Callback):
    """Stop at a NaN or infinity, and write ``<folder>/not_finite.pt``.

    A look waits for the GPU, so there is one in ``every`` batches, at all losses since the last, and one before each
    validation and each checkpoint, which is not written then. Until a look, ``every`` batches are kept on the device.
    A checkpoint whose weights are not finite, although all losses were, is not written either.

    The file tells of the first loss that went wrong: ``iteration``, ``loss``, the ``batch`` (image, known), and beside
    them the last logged ``metrics`` and the ``norms`` of all parameters and buffers at the last look that found
    nothing. ``torch.load`` reads it. With ``every=1`` the run stops before the step.
    """

    def __init__(self, folder: str, every: int = 10) -> None:
        super().__init__()
        if every < 1:
            raise UserError(f"callbacks.finite.every={every}: expected at least 1")
        self.folder, self.every = Path(folder), every
        self.batches = 0
        self.batch: Batch | None = None
        self.waiting: list[Waiting] = []
        self.norms: dict[str, Tensor] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Take the norms of the weights that the run begins with."""
        self.norms = _norms(pl_module)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Remember the batch."""
        self.batch = batch
        self.batches += 1

    def on_before_backward(self, trainer: Trainer, pl_module: Any, loss: Tensor) -> None:
        """Remember a loss, each player's own in a GAN, and look where it is time."""
        assert self.batch is not None
        self.waiting.append(Waiting(int(pl_module.iteration), self.batch, loss.detach()))
        if self.batches % self.every == 0:
            self._look(trainer, pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look: nobody need judge weights that are spoiled."""
        self._look(trainer, pl_module)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]) -> None:  # noqa: ARG002
        """Look, and at the weights too, before anything is written."""
        self._look(trainer, pl_module)
        self.norms = _norms(pl_module)
        broken = [name for name, norm in self.norms.items() if not norm.isfinite()]
        if broken:
            raise UserError(
                f"{len(broken)} of {len(self.norms)} weights, {broken[0]} among them, are not finite after a step "
                f"whose loss was; no checkpoint is written: {ADVICE}"
            )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at what is left."""
        self._look(trainer, pl_module)

    def _look(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait for the losses; the first that is not finite ends the run."""
        if not self.waiting:
            return
        finite = torch.stack([each.loss for each in self.waiting]).isfinite().tolist()
        if not all(finite):
            self._stop(trainer, self.waiting[finite.index(False)])
        self.waiting.clear()
        self.norms = _norms(pl_module)

    def _stop(self, trainer: Trainer, wrong: Waiting) -> None:
        path = self.folder / f"not_finite{f'.{trainer.global_rank}' if trainer.world_size > 1 else ''}.pt"
        loss = float(wrong.loss)
        record = {
            "iteration": wrong.iteration,
            "loss": loss,
            "batch": tuple(part.detach().cpu() for part in wrong.batch),
            "norms": {name: float(norm) for name, norm in self.norms.items()},
            "metrics": {name: float(value) for name, value in trainer.callback_metrics.items()},
        }
        write_file(path, lambda temporary: torch.save(record, temporary))
        raise UserError(
            f"the loss of iteration {wrong.iteration} is {loss:g}; batch, norms and iteration are in {path}; {ADVICE}"
        )


ADVICE = "go on from the last checkpoint with a smaller learning rate or in trainer.precision=32-true"


@torch.no_grad()
def _norms(model: LightningModule) -> dict[str, Tensor]:
    """Return the norm of each parameter and buffer, on its device."""
    return {name: value.float().norm() for name, value in model.state_dict().items()}
