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
L2_WARMUP = 500
"""Ours, see README."""


class BlindInpainting(InpaintingModule):
    """Learns what is missing as a residual, ``x + f(x)``, without being told where it is missing.

    The network is grey; each channel of a colour picture goes through it by itself (section 4.1). The whole output is
    judged, nothing is composited.

    Args:
        front: ``net_d``, ``net_e64`` or ``none``: what precedes Net-E (Table 3).
        gradient: gradient prior, ``forward``, ``sobel`` or ``none``.
        loss: ``l1`` (eq. 3) or ``l2``, over the whole picture.
        l2_warmup: optimiser steps over which L2 gives way to L1, linearly; 0 in the paper. At the start, eq. 3 alone
            drives the residual to a constant zero, the median of what is missing, and there the gradients die.
        convs: convolutions of Net-D per level.
        width: channels at full size.
        final_relu: a ReLU behind the last layer of Net-E too.
        stages: in order, ``{iterations, lr}``, in optimiser steps.
    """

    judged = "raw"

    def __init__(
        self,
        front: Front = "net_d",
        gradient: Gradient = "forward",
        loss: Loss = "l1",
        l2_warmup: int = L2_WARMUP,
        convs: Sequence[int] = CONVS,
        width: int = 64,
        final_relu: bool = False,
        stages: Sequence[Stage] = STAGES,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if loss not in get_args(Loss):
            raise UserError(f"model.loss: expected {' | '.join(get_args(Loss))}, got {loss!r}")
        if l2_warmup < 0:
            raise UserError(f"model.l2_warmup: expected 0 or more steps, got {l2_warmup}")
        check_stages(stages, tuple(STAGES[0]))
        self.network = ResidualNetwork(front, gradient, convs, width, final_relu)
        self.iterations = total_iterations(stages)

    def residual(self, corrupted: Tensor) -> Tensor:
        """Return f(x): what is to be added to ``corrupted`` (B, C, H, W), of any size; unbounded, same shape."""
        return self.network(corrupted.flatten(0, 1).unsqueeze(1)).reshape(corrupted.shape)

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002 - blind
        """Restore the picture; ``known`` is not looked at."""
        return (corrupted + self.residual(corrupted)).clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 3, ``||f(x) + x - y||_1``, as a mean over all pixels, known or not, unclamped; see ``l2_warmup``."""
        corrupted = batch.corrupted
        prediction = corrupted + self.residual(corrupted).float()
        share = self.l1_share_at(int(self.iteration))
        losses = {}  # the same names all along, since Lightning repeats to the epoch's end what is no longer logged
        if self.hparams.loss == "l1":
            losses["l1"] = share * F.l1_loss(prediction, batch.image)
        if self.hparams.loss == "l2" or self.hparams.l2_warmup:
            losses["l2"] = (1 - share) * F.mse_loss(prediction, batch.image)
        return losses

    def l1_share_at(self, iteration: int) -> float:
        """Return the weight of L1 after ``iteration`` steps, that of L2 being the rest."""
        if self.hparams.loss == "l2":
            return 0.0
        return min(1.0, iteration / self.hparams.l2_warmup) if self.hparams.l2_warmup else 1.0

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
