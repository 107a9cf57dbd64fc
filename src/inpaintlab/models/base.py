"""The contract of a paper: three members, and everything else is the base's."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed
from lightning import LightningModule
from torch import Tensor
from torch.optim import Optimizer
from typing_extensions import Self

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.models import weight_files
from inpaintlab.models.portable import Portable, completion

if TYPE_CHECKING:
    from inpaintlab.data.augmentation import Augmentation
    from inpaintlab.data.datamodule import InpaintingData


class InpaintingModule(LightningModule):
    """A paper writes ``inpaint``, ``losses``, ``configure_optimizers``; the base trains, judges and predicts with them.

    The constructor of a paper takes plain scalars, strings and lists, calls ``save_hyperparameters()`` and builds its
    own networks, so that a checkpoint holds plain data and loads without Hydra.
    """

    blind: bool = False
    """A blind model is told no hole: its whole prediction is judged and delivered, all others' completed picture."""
    divisor: int = 1
    """The network needs sides that are multiples of this; ``predict`` pads to it, ``train`` checks it at start."""
    trained: bool = False
    """Ready for use without a checkpoint: a method without training, or a model whose weights were given to it."""
    trained_size: int | None = None
    """Side in pixels of the pictures it was trained on; who loads a checkpoint says it, None where nobody knows."""
    iterations: int | None = None
    """How long the paper trains, in optimiser steps; the run ends there, unless the Trainer ends it before."""
    needs_vgg: bool = False
    """Whether training as configured reads VGG's features, so that ``checkpointing=true`` has something to save."""
    recompute: bool = False
    """Keep no activations within VGG for the backward pass: the same gradients for less memory and more time."""
    differentiated_twice: tuple[str, ...] = ()
    """Networks of which a loss differentiates the gradient; torch.compile cannot, so they are never compiled."""
    refining: bool | None = None
    """Whether ``inpaint`` refines its answers at several sizes; None: this model cannot. ``predict`` may set it."""

    augment: "Augmentation | None" = None
    """Changes every batch of training on its device; ``train`` sets it from ``augment=``."""
    clip_norm: float | Mapping[str, float] | None = None
    """Largest norm of all gradients of a step, in a GAN of each player's; None: they are left as they are."""

    iteration: Tensor
    """Optimiser steps so far, saved with the weights; on the CPU, whatever device the networks are on."""

    def __init__(self) -> None:
        super().__init__()
        with torch.device("cpu"):  # it reckons as it is made, which a model on the meta device must not
            self.metrics = InpaintingMetrics()
            # The clock of every schedule. trainer.global_step counts the steps of all optimisers, so none may read it.
            self.register_buffer("iteration", torch.zeros((), dtype=torch.long))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Go to another device or type without the clock: to read it there, every step would wait for the GPU."""
        clock = self.iteration
        super()._apply(fn, recurse)
        self.iteration = clock
        return self

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: corrupted (B, C, H, W), known (B, 1, H, W) -> raw prediction (B, C, H, W) in [0, 1].

        May search, never sees the truth; a blind model ignores ``known``.
        """
        raise NotImplementedError

    @property
    def channels(self) -> int | None:
        """Channels of the pictures that it fills, which is the constructor's argument of that name; None: any."""
        channels: int | None = self.hparams.get("channels")
        return channels

    def prepare(self, data: "InpaintingData") -> None:
        """Look at the data set before its pictures are filled; ``evaluate`` calls this once. Most have no need to."""

    def notes(self) -> list[str]:
        """Say in sentences what the numbers about this model, such as its cost, would not tell."""
        return []

    def portable(self, onnx: bool) -> Portable:  # noqa: ARG002 - who has an operator that ONNX lacks looks at it
        """Return what an exported file of this model computes; ``UserError`` says in one line why there is none.

        Here the whole of ``inpaint``, which must then be made of tensor operators alone, with no branch on what a
        picture holds. ``onnx``: without operators that ONNX does not have. May change the model: hand in a copy.
        """
        return completion(self)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return named scalars, already weighted, whose sum is minimised; needs no Trainer."""
        raise NotImplementedError

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003
        """Return the constructor's arguments for which released weights fit, read off their names and shapes.

        ``contents`` is what the authors' file holds, nested as it is; of several files {name without suffix: that}. No
        network is built here. ``UserError`` names this family where the file is another one's.
        """
        raise UserError(f"official weights: {cls.__name__} knows none that its authors released")

    def load_official(self, contents: Mapping[str, Any]) -> list[str]:
        """Take over released weights, all that ``inpaint`` needs or none (``UserError``).

        Returns the names of the entries without a use here. What was not released stays as it was initialised.
        """
        raise UserError(
            f"official weights: {type(self).__name__} knows none that its authors released ({len(contents)})"
        )

    @classmethod
    def open_official(cls, path: Path) -> Mapping[str, Any]:
        """Read the authors' file, or folder of files, running nothing that stands in it; for ``official_arguments``.

        A family whose release has a format of its own overrides this.
        """
        return weight_files.read(path)

    @classmethod
    def read_official(cls, contents: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Translate what the authors' file holds into (hyper_parameters, state_dict) of a checkpoint of this class."""
        arguments = cls.official_arguments(contents)
        model = cls(**arguments)
        model.load_official(contents)
        return dict(model.hparams), model.state_dict()

    def check_holes(self, known: Tensor) -> None:
        """Refuse holes of a training batch, known (B, 1, H, W), that the losses cannot be told of: ``UserError``.

        Asked on the CPU, before the batch goes to its device, where the answer would have to be waited for.
        """

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:  # noqa: ARG002
        """Check the holes of a batch of training."""
        if self.trainer.training:
            self.check_holes(batch.known)
        return batch

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:  # noqa: ARG002
        """Augment a batch of training, and leave those of validation and test as they are."""
        if self.augment is None or not self.trainer.training:
            return batch
        return self.augment(batch, int(self.iteration), self.global_rank)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor | None:  # noqa: ARG002
        """Sum and log the losses."""
        losses = self.losses(batch)
        total = torch.stack(list(losses.values())).sum()
        self.log_dict({f"train/{name}": value.detach() for name, value in losses.items()})
        self.log("train/loss", total.detach())
        return total

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Step, and let the clock tick."""
        super().optimizer_step(*args, **kwargs)
        self.tick()

    rates_end: int | None = None
    """Iteration at which ``lr_schedule=`` has brought the learning rates to 0; None: it does not."""

    def rate_factor(self) -> float:
        """Return what multiplies the paper's learning rates in this iteration; ``lr_schedule=`` puts its own here."""
        return 1.0

    def set_clip_norm(self, norm: float | None) -> None:
        """Clip the gradients by this norm, None: not; ``UserError`` for what is none."""
        if norm is not None and not (isinstance(norm, (int, float)) and norm > 0):
            raise UserError(f"model.clip_norm={norm}: expected a number above 0, or null for no clipping")
        self.clip_norm = norm

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:  # noqa: ARG002 - there is one
        """Clip; here the gradients of 16-bit training are scaled back already."""
        if isinstance(self.clip_norm, (int, float)):
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.clip_norm)

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
        return prediction if self.blind else composite(prediction, batch)

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Judge one batch, of the data set or of the one beside it (``val_data=``)."""
        self.metrics.update(self.judged_picture(batch), batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Judge one batch, as in validation."""
        self.validation_step(batch, batch_idx)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Return the judged picture, (B, C, H, W) in [0, 1]."""
        return self.judged_picture(batch)

    def on_validation_epoch_start(self) -> None:
        """Begin with empty metrics, and with the same running statistics in every process."""
        copy_buffers_of_first([buffer for buffer in self.buffers() if buffer is not self.iteration])
        self.metrics.to(self.device).reset()
        self._own_metrics: dict[str, Tensor] = {}

    def on_validation_batch_start(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Put the data set's values aside where the pictures of the set beside it begin."""
        if dataloader_idx and not self._own_metrics:
            self._own_metrics = self.measured("val")

    def on_validation_epoch_end(self) -> None:
        """Log ``val/<metric>``, and of the set beside it ``val_<name>/<metric>``."""
        if self._own_metrics:
            name, _ = self.trainer.datamodule.also_val  # type: ignore[attr-defined]
            values = self._own_metrics | self.measured(f"val_{name}")
        else:
            values = self.measured("val")
        self.log_dict(values, sync_dist=True)  # equal already; it keeps Lightning from warning

    def on_test_epoch_start(self) -> None:
        """Begin with empty metrics."""
        self.metrics.to(self.device).reset()

    def on_test_epoch_end(self) -> None:
        """Log ``test/<metric>``."""
        self.log_dict(self.measured("test"), sync_dist=True)

    def measured(self, split: str) -> dict[str, Tensor]:
        """Return {split/metric: value} of what was judged, and begin anew."""
        values = {f"{split}/{name}": value for name, value in self.metrics.compute().items()}
        self.metrics.reset()
        return values

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Write down the class, so that the checkpoint alone tells which model it is."""
        checkpoint["model"] = f"{type(self).__module__}.{type(self).__qualname__}"


def copy_buffers_of_first(buffers: list[Tensor]) -> None:
    """Give every process the buffers of the first one, in place; nothing happens in a single process."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        for buffer in buffers:
            torch.distributed.broadcast(buffer, src=0)
