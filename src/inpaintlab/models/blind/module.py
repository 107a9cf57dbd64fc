"""Deep Blind Image Inpainting (Liu, Pan, Su 2017)."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.blind.network import CONVS, Front, Gradient, ResidualNetwork
from inpaintlab.models.stages import Stage, check_stages, stage_at, total_iterations

Loss = Literal["l1", "l2"]

STAGES = ({"iterations": 39_250, "lr": 1e-3}, {"iterations": 7_850, "lr": 1e-4})
"""Section 4.2: 60 epochs are 47,100 iterations, so 785 each; 50 of them at 1e-3, 10 at 1e-4."""
WARMUP = 500
"""Steps; ours, see README."""
LEVELS = 255
"""Grey levels between black and white."""


class BlindInpainting(InpaintingModule):
    """Learns what is missing as a residual, ``x + f(x)``, without being told where it is missing.

    The network is grey; each channel of a colour picture goes through it by itself (section 4.1). The whole output is
    judged, no known pixel is put back.

    Args:
        front: ``net_d``, ``net_e64`` or ``none``: what precedes Net-E (Table 3).
        gradient: gradient prior, ``forward``, ``sobel`` or ``none``.
        loss: ``l1`` (eq. 3) or ``l2``, over the whole picture.
        corner: errors, in grey levels, below which L1 is rounded off; 0 in the paper. At a sharp corner the many known
            pixels, whose residual is 0, outvote the few missing ones and shrink the features until the ReLUs are dead.
        warmup: optimiser steps over which the corner narrows to that, from all grey levels.
        convs: convolutions of Net-D per level.
        width: channels at full size.
        final_relu: a ReLU behind the last layer of Net-E too.
        clip_norm: largest norm of the gradients; None = no clipping.
        stages: in order, ``{iterations, lr}``, in optimiser steps.
    """

    blind = True

    def __init__(
        self,
        front: Front = "net_d",
        gradient: Gradient = "forward",
        loss: Loss = "l1",
        corner: float = 1.0,
        warmup: int = WARMUP,
        convs: Sequence[int] = CONVS,
        width: int = 64,
        final_relu: bool = False,
        clip_norm: float | None = None,
        stages: Sequence[Stage] = STAGES,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if loss not in get_args(Loss):
            raise UserError(f"model.loss: expected {' | '.join(get_args(Loss))}, got {loss!r}")
        if corner < 0:
            raise UserError(f"model.corner: expected 0 or more grey levels, got {corner}")
        if warmup < 0:
            raise UserError(f"model.warmup: expected 0 or more steps, got {warmup}")
        check_stages(stages, tuple(STAGES[0]))
        self.network = ResidualNetwork(front, gradient, convs, width, final_relu)
        self.set_clip_norm(clip_norm)
        self.iterations = total_iterations(stages)

    def residual(self, corrupted: Tensor) -> Tensor:
        """Return f(x): what is to be added to ``corrupted`` (B, C, H, W), of any size; unbounded, same shape."""
        return self.network(corrupted.flatten(0, 1).unsqueeze(1)).reshape(corrupted.shape)

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002 - blind
        """Restore the picture; ``known`` is not looked at."""
        return (corrupted + self.residual(corrupted)).clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 3, ``||f(x) + x - y||_1``, as a mean over all pixels, known or not, unclamped; see ``corner``."""
        corrupted = batch.corrupted
        prediction = corrupted + self.residual(corrupted).float()
        if self.hparams.loss == "l2":
            return {"l2": F.mse_loss(prediction, batch.image)}
        # |e| with its corner rounded: e^2 / (2 corner) within it, |e| - corner / 2 beyond; corner 0 is |e| itself.
        return {"l1": F.smooth_l1_loss(prediction, batch.image, beta=self.corner_at(int(self.iteration)))}

    def corner_at(self, iteration: int) -> float:
        """Return the error, in [0, 1], below which L1 is rounded off after ``iteration`` steps."""
        if iteration >= self.hparams.warmup:
            return self.hparams.corner / LEVELS
        return (max(self.hparams.corner, 1.0) / LEVELS) ** (iteration / self.hparams.warmup)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with betas (0.9, 0.999) and no weight decay, which are its defaults (section 4.2)."""
        return torch.optim.Adam(self.parameters(), lr=self.stage_at(int(self.iteration))["lr"])

    def stage_at(self, iteration: int) -> Stage:
        """Return the stage of the step after ``iteration`` steps."""
        return stage_at(self.hparams.stages, iteration)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Set the rate of the stage that the clock says."""
        for group in self.optimizers().param_groups:
            group["lr"] = self.stage_at(int(self.iteration))["lr"]
