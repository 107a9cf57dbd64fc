"""PConv: Image Inpainting for Irregular Holes Using Partial Convolutions (Liu et al., ECCV 2018)."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.pconv.network import Convolution, UNet
from inpaintlab.models.perceptual import SPACES, PerceptualModule, Space
from inpaintlab.models.stages import Stage, check_stages, stage_at, total_iterations

Fill = Literal["imagenet", "grey"]
FILLS = {"imagenet": SPACES["imagenet"][0], "grey": (0.5, 0.5, 0.5)}
"""RGB in [0, 1]: ImageNet's mean colour (Fig. 2 f) and 127.5 of 255 (Fig. 2 e)."""
STAGES = (
    {"iterations": 500_000, "lr": 2e-4, "freeze_encoder_bn": False},
    {"iterations": 50_000, "lr": 5e-5, "freeze_encoder_bn": True},
)
"""Section 4.2 gives rates and freezing, and 10 days and 1 day for the lengths; 50,000 steps a day are ours."""


class PConv(PerceptualModule):
    """The U-Net, its losses (eq. 7) and its two stages of training.

    Args:
        levels: halvings in the network; the sides of a picture are multiples of ``2**levels``.
        width: filters of the first layer.
        channels: 3 (colour) or 1 (grey).
        convolution: ``partial``, or ``ordinary`` for the paper's baseline ``Conv``.
        space: ``imagenet``, normalised by ImageNet's mean and deviation, or ``symmetric``, [-1, 1].
        fill: what ordinary convolutions see in the hole: ``imagenet``, ImageNet's mean colour, or ``grey``, 127.5.
            Partial ones see nothing there.
        stages: in order, ``{iterations, lr, freeze_encoder_bn}``, in optimiser steps.
        valid, hole, perceptual, style, tv: weights of the losses; a term of weight 0 is not computed.
        clip_norm: largest norm of the gradients; None = no clipping.
        vgg_weights: see ``losses.features.VggFeatures``; read only if a term needs it, when training starts.
        vgg_convention: which weights a local file holds.
    """

    def __init__(
        self,
        levels: int = 8,
        width: int = 64,
        channels: int = 3,
        convolution: Convolution = "partial",
        space: Space = "imagenet",
        fill: Fill = "imagenet",
        stages: Sequence[Stage] = STAGES,
        valid: float = 1.0,
        hole: float = 6.0,
        perceptual: float = 0.05,
        style: float = 120.0,
        tv: float = 0.1,
        clip_norm: float | None = None,
        vgg_weights: str | None = "IMAGENET1K_V1",
        vgg_convention: str | None = None,
    ) -> None:
        weights = {"valid": valid, "hole": hole, "perceptual": perceptual, "style": style, "tv": tv}
        super().__init__(space, channels, weights, vgg_weights, vgg_convention)
        self.save_hyperparameters()
        check_stages(stages, tuple(STAGES[0]))
        if fill not in FILLS:
            raise UserError(f"model.fill: expected {' | '.join(get_args(Fill))}, got {fill!r}")
        self.network = UNet(levels, width, channels, convolution)
        colour = torch.tensor(FILLS[fill])[:, None, None]
        self.register_buffer("fill", self.to_space(colour.mean(0, True) if channels == 1 else colour), persistent=False)
        self.divisor = 2**levels
        self.set_clip_norm(clip_norm)
        self.iterations = total_iterations(stages)

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole; what stands in the hole of ``corrupted`` changes no bit of the result."""
        return self.to_pixels(self.network(self.to_space(corrupted), known, self.fill)).clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 7, in float32."""
        truth = Batch(self.to_space(batch.image), batch.known)
        prediction = self.network(truth.corrupted, batch.known, self.fill).float()
        return self.weighted_terms(prediction, truth, self.truth_features(batch.image))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with its default betas, at the rate of the present stage."""
        return torch.optim.Adam(self.parameters(), lr=self.stage_at(int(self.iteration))["lr"])

    def stage_at(self, iteration: int) -> Stage:
        """Return the stage of the step after ``iteration`` steps."""
        return stage_at(self.hparams.stages, iteration)

    def train(self, mode: bool = True) -> "PConv":
        """Set the mode, and keep the encoder's BatchNorm in evaluation where the stage says so; returns itself."""
        super().train(mode)
        if self.stage_at(int(self.iteration))["freeze_encoder_bn"]:
            for norm in self._encoder_norms():
                norm.eval()
        return self

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Enter the stage that the clock says: its rate, its freezing."""
        stage = self.stage_at(int(self.iteration))
        for group in self.optimizers().param_groups:
            group["lr"] = stage["lr"]
        for norm in self._encoder_norms():
            norm.train(not stage["freeze_encoder_bn"])

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Drop the gradients of frozen parameters, so that Adam leaves them alone.

        Clearing ``requires_grad`` in mid-run instead would leave DistributedDataParallel waiting for their gradients.
        """
        if self.stage_at(int(self.iteration))["freeze_encoder_bn"]:
            for norm in self._encoder_norms():
                norm.weight.grad = norm.bias.grad = None
        super().on_before_optimizer_step(optimizer)

    def _encoder_norms(self) -> list[torch.nn.BatchNorm2d]:
        return [block.norm for block in self.network.encoder if block.norm is not None]
