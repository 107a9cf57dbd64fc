"""The learning rate among the logged values."""

from typing import Any

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback


class LearningRate(Callback):
    """Log ``train/lr`` (with several optimisers or groups ``train/lr_0``, ``train/lr_1``, ...).

    Lightning's own monitor refuses to run without a logger.
    """

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Log the rates this batch is trained with."""
        factor = pl_module.rate_factor()
        rates = [factor * group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups]
        names = ["train/lr"] if len(rates) == 1 else [f"train/lr_{index}" for index in range(len(rates))]
        # As tensors on the CPU: Lightning would copy plain numbers to the GPU, and wait for it.
        pl_module.log_dict({name: torch.tensor(rate) for name, rate in zip(names, rates, strict=True)})
