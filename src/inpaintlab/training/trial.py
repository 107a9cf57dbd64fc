"""A few iterations of a training, to see that it runs and how long one takes."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from inpaintlab.training.setup import prepare_networks

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule


@dataclass(frozen=True)
class Trial:
    """What a few iterations have told."""

    seconds: float
    """Of one iteration."""
    losses: dict[str, float]
    """{name: value} of the last iteration."""
    device: Any
    """On which it ran, ``torch.device``."""


def try_steps(cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData", steps: int = 3) -> Trial:
    """Train so many iterations on one device in the configured precision; the first one is warm-up and not timed."""
    from lightning import Trainer
    from lightning.pytorch.callbacks import Callback

    from inpaintlab.training.callbacks.finite import FiniteLoss

    class Clock(Callback):
        def __init__(self) -> None:
            self.ends: list[float] = []

        def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
            wait_for(trainer.strategy.root_device)
            self.ends.append(time.perf_counter())

    clock = Clock()
    prepare_networks(model, cfg)
    trainer = Trainer(
        accelerator=cfg.trainer.accelerator, devices=1, precision=cfg.trainer.precision, max_steps=steps, max_epochs=-1,
        limit_val_batches=0, inference_mode=False, use_distributed_sampler=False, logger=False,
        callbacks=[clock, FiniteLoss(".", every=1)],
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, datamodule=data)
    losses = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("train/")}
    return Trial((clock.ends[-1] - clock.ends[0]) / (steps - 1), losses, trainer.strategy.root_device)


def wait_for(device: Any) -> None:
    """Wait until a GPU has done its work."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize()
