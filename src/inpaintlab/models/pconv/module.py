"""PConv: Image Inpainting for Irregular Holes Using Partial Convolutions (Liu et al., ECCV 2018)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from inpaintlab.batch import Batch
from inpaintlab.models.pconv.network import Convolution, UNet
from inpaintlab.models.perceptual import PerceptualModule, Space
from inpaintlab.models.stages import Stage, check_stages, stage_at, total_iterations

STAGES = (
    {"iterations": 500_000, "lr": 2e-4, "freeze_encoder_bn": False},
    {"iterations": 500_000, "lr": 5e-5, "freeze_encoder_bn": True},
)
"""Section 4.2 gives rates and freezing, but only days for the lengths; the iterations are ours."""


class PConv(PerceptualModule):
    """The U-Net, its losses (eq. 7) and its two stages of training.

    Args:
        levels: halvings in the network; the sides of a picture are multiples of ``2**levels``.
        width: filters of the first layer.
        channels: 3 (colour) or 1 (grey).
        convolution: ``partial``, or ``ordinary`` for the paper's baseline ``Conv``.
        space: ``imagenet``, normalised by ImageNet's mean and deviation, or ``symmetric``, [-1, 1]. Zero, which fills
            the hole for ordinary convolutions, is then ImageNet's mean colour or the grey 127.5.
        stages: in order, ``{iterations, lr, freeze_encoder_bn}``, in optimiser steps.
        valid, hole, perceptual, style, tv: weights of the losses; a term of weight 0 is not computed.
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
        stages: Sequence[Stage] = STAGES,
        valid: float = 1.0,
        hole: float = 6.0,
        perceptual: float = 0.05,
        style: float = 120.0,
        tv: float = 0.1,
        vgg_weights: str | None = "IMAGENET1K_V1",
        vgg_convention: str | None = None,
    ) -> None:
        weights = {"valid": valid, "hole": hole, "perceptual": perceptual, "style": style, "tv": tv}
        super().__init__(space, channels, weights, vgg_weights, vgg_convention)
        self.save_hyperparameters()
        check_stages(stages, tuple(STAGES[0]))
        self.network = UNet(levels, width, channels, convolution)
        self.divisor = 2**levels
        self.iterations = total_iterations(stages)

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole; what stands in the hole of ``corrupted`` changes no bit of the result."""
        return self.to_pixels(self.network(self.to_space(corrupted), known)).clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 7, in float32."""
        truth = Batch(self.to_space(batch.image), batch.known)
        prediction = self.network(truth.corrupted, batch.known).float()
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

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:  # noqa: ARG002
        """Drop the gradients of frozen parameters, so that Adam leaves them alone.

        Clearing ``requires_grad`` in mid-run instead would leave DistributedDataParallel waiting for their gradients.
        """
        if self.stage_at(int(self.iteration))["freeze_encoder_bn"]:
            for norm in self._encoder_norms():
                norm.weight.grad = norm.bias.grad = None

    def _encoder_norms(self) -> list[torch.nn.BatchNorm2d]:
        return [block.norm for block in self.network.encoder if block.norm is not None]
