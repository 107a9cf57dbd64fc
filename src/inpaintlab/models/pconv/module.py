"""PConv: Image Inpainting for Irregular Holes Using Partial Convolutions (Liu et al., ECCV 2018)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from inpaintlab.batch import Batch, composite
from inpaintlab.errors import UserError
from inpaintlab.losses.features import VggFeatures, check_choice
from inpaintlab.losses.perceptual import perceptual, style
from inpaintlab.losses.reconstruction import hole_l1, total_variation, valid_l1
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.pconv.network import Convolution, UNet

STAGES = (
    {"iterations": 500_000, "lr": 2e-4, "freeze_encoder_bn": False},
    {"iterations": 500_000, "lr": 5e-5, "freeze_encoder_bn": True},
)
"""Section 4.2 gives rates and freezing, but only days for the lengths; the iterations are ours."""
SPACES = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""(mean, std) of the pixel space in which the network works and the pixel losses are measured."""


class PConv(InpaintingModule):
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
        space: Literal["imagenet", "symmetric"] = "imagenet",
        stages: Sequence[Mapping[str, Any]] = STAGES,
        valid: float = 1.0,
        hole: float = 6.0,
        perceptual: float = 0.05,
        style: float = 120.0,
        tv: float = 0.1,
        vgg_weights: str | None = "IMAGENET1K_V1",
        vgg_convention: str | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if space not in SPACES:
            raise UserError(f"model.space: expected {' | '.join(SPACES)}, got {space!r}")
        self.weights = {"valid": valid, "hole": hole, "perceptual": perceptual, "style": style, "tv": tv}
        self.needs_vgg = bool(perceptual or style)
        if self.needs_vgg:
            check_choice(vgg_weights, vgg_convention)
        _check_stages(stages)
        self.network = UNet(levels, width, channels, convolution)
        self.divisor = 2**levels
        self.iterations = sum(stage["iterations"] for stage in stages)
        mean, std = (torch.tensor(values) for values in SPACES[space])
        if channels == 1:
            mean, std = mean.mean(0, keepdim=True), std.mean(0, keepdim=True)
        self.register_buffer("mean", mean[:, None, None], persistent=False)
        self.register_buffer("std", std[:, None, None], persistent=False)
        self._vgg: VggFeatures | None = None

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole; what stands in the hole of ``corrupted`` changes no bit of the result."""
        return self._to_pixels(self.network(self._to_space(corrupted), known)).clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 7, in float32: the pixel terms in the network's space, the features of unclamped pictures in [0, 1]."""
        image, known = self._to_space(batch.image), batch.known
        prediction = self.network(image * known, known).float()
        completed = composite(prediction, Batch(image, known))
        terms = {}
        if self.weights["valid"]:
            terms["valid"] = self.weights["valid"] * valid_l1(prediction, image, known)
        if self.weights["hole"]:
            terms["hole"] = self.weights["hole"] * hole_l1(prediction, image, known)
        if self.weights["tv"]:
            terms["tv"] = self.weights["tv"] * total_variation(completed, known)
        if self.needs_vgg:
            terms |= self._feature_losses(batch.image, self._to_pixels(prediction), self._to_pixels(completed))
        return terms

    def _feature_losses(self, image: Tensor, prediction: Tensor, completed: Tensor) -> dict[str, Tensor]:
        """Eq. 3 to 5, each for the raw and the composited picture."""
        vgg = self.vgg()
        with torch.no_grad():
            truth = vgg(image)
        raw, whole = vgg(prediction), vgg(completed)
        terms = {}
        if self.weights["perceptual"]:
            terms["perceptual"] = self.weights["perceptual"] * (perceptual(raw, truth) + perceptual(whole, truth))
        if self.weights["style"]:
            terms["style_out"] = self.weights["style"] * style(raw, truth)
            terms["style_comp"] = self.weights["style"] * style(whole, truth)
        return terms

    def vgg(self) -> VggFeatures:
        """Return the frozen features; read once. Only training needs them, so a checkpoint predicts without."""
        if self._vgg is None:
            self._vgg = VggFeatures(self.hparams.vgg_weights, self.hparams.vgg_convention)
        return self._vgg

    def setup(self, stage: str) -> None:
        """Read the VGG weights before training starts, so that missing ones are reported at once."""
        if stage == "fit" and self.needs_vgg:
            self.vgg()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with its default betas, at the rate of the present stage."""
        return torch.optim.Adam(self.parameters(), lr=self.stage_at(int(self.iteration))["lr"])

    def stage_at(self, iteration: int) -> Mapping[str, Any]:
        """Return the stage that the step after ``iteration`` steps belongs to; the last one goes on for ever."""
        for stage in self.hparams.stages:
            if iteration < stage["iterations"]:
                return stage
            iteration -= stage["iterations"]
        return self.hparams.stages[-1]

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

    def _to_space(self, pictures: Tensor) -> Tensor:
        return (pictures - self.mean) / self.std

    def _to_pixels(self, pictures: Tensor) -> Tensor:
        return pictures * self.std + self.mean


def _check_stages(stages: Sequence[Mapping[str, Any]]) -> None:
    for stage in stages:
        if set(stage) != set(STAGES[0]):
            raise UserError(f"model.stages: each needs {', '.join(STAGES[0])}, got {', '.join(stage) or 'nothing'}")
        if not (stage["iterations"] > 0 and stage["lr"] > 0):
            raise UserError(f"model.stages: iterations and lr must be positive, got {dict(stage)}")
    if not stages:
        raise UserError("model.stages: expected at least one of {iterations, lr, freeze_encoder_bn}")
