"""The exponential moving average of a model's weights."""

from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import nn
from torch.optim.swa_utils import AveragedModel


class WeightAverage(WeightAveraging):
    """Validate, test and deliver the moving average of the weights, train the weights themselves.

    After each step ``average = d average + (1 - d) weights`` with ``d = min(decay, (1 + n) / (10 + n))`` after n steps,
    so that the first weights are soon forgotten. Running statistics are averaged like weights; counters, the clock
    among them, are copied. A checkpoint holds the average as its ``state_dict``, so that ``best``, ``last`` and what
    reads them have it, and beside it what training needs to go on bit by bit.
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__()
        self.decay = decay
        self._delivered = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Begin with a copy of the model, on the device to which the model goes after this."""
        if stage == "fit":
            self._average_model = MovingAverage(pl_module, self.decay)
            self._average_model.module.to(trainer.strategy.root_device)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """A fit begins with the weights in their places."""
        self._delivered = False

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Hand the average over to whoever uses the model now, and keep the weights for ``last.ckpt``."""
        self._swap_models(pl_module)
        self._delivered = True

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Write the average as the model, and the weights beside it."""
        super().on_save_checkpoint(trainer, pl_module, checkpoint)
        if self._delivered:  # they have changed places
            checkpoint["state_dict"], checkpoint["current_model_state"] = (
                checkpoint["current_model_state"],
                checkpoint["state_dict"],
            )


class MovingAverage(AveragedModel):
    """A copy of a model that follows it, as ``WeightAverage`` says.

    Its count of steps is on the CPU: torch's own asks the GPU for it, once for every tensor of the model.
    """

    n_averaged: torch.Tensor

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model, use_buffers=True)
        self.decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Follow one step of the model; the first one is copied."""
        steps = int(self.n_averaged)
        averages, currents = ([*each.parameters(), *each.buffers()] for each in (self.module, model))
        following: tuple[list[torch.Tensor], list[torch.Tensor]] = [], []
        for average, current in zip(averages, currents, strict=True):
            if steps and average.is_floating_point():
                following[0].append(average)
                following[1].append(current)
            else:
                average.copy_(current)
        if steps:
            torch._foreach_lerp_(*following, 1 - min(self.decay, (1 + steps) / (10 + steps)))
        self.n_averaged += 1
