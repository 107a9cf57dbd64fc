"""The exponential moving average of a model's weights."""

from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class WeightAverage(WeightAveraging):
    """Validate, test and deliver the moving average of the weights, train the weights themselves.

    After each step ``average = d average + (1 - d) weights`` with ``d = min(decay, (1 + n) / (10 + n))`` after n steps,
    so that the first weights are soon forgotten. Running statistics are averaged like weights; counters, the clock
    among them, are copied. A checkpoint holds the average as its ``state_dict``, so that ``best``, ``last`` and what
    reads them have it, and beside it what training needs to go on bit by bit.
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__(avg_fn=self._averaged)
        self.decay = decay
        self._delivered = False

    def _averaged(self, average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        if not average.is_floating_point():
            return current
        steps = int(steps)
        return average.lerp(current, 1 - min(self.decay, (1 + steps) / (10 + steps)))

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
