"""What the image generator minimises beside its critic: distances to the truth in pixels and in VGG-19."""

from typing import Any, Literal

import torch
import torch.distributed
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from inpaintlab.batch import Batch
from inpaintlab.losses.perceptual import perceptual, style
from inpaintlab.losses.vgg19 import Vgg19Features, check_vgg19

Region = Literal["hole", "known", "all"]
PERCEPTUAL = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")


def l1_per_hole(prediction: Tensor, batch: Batch) -> Tensor:
    """Mean absolute error over the WHOLE picture, divided by the share of hole of the batch (authors' code).

    The share is that of all processes together, so that two of them are one with the doubled batch.
    """
    share = mean_of_all(batch.hole.mean()).clamp_min(1 / batch.hole.numel())
    return F.l1_loss(prediction, batch.image) / share


class FeatureLosses:
    """The perceptual and the style loss of raw predictions (B, C, H, W) in [0, 1], weighted, with their VGG-19.

    Args:
        perceptual, style: weights; a term of weight 0 is not computed.
        region: what the style loss leaves of both pictures, the rest is black.
        vgg_weights, vgg_norm: see ``losses.vgg19.Vgg19Features``; the file is read at the first use.
    """

    def __init__(
        self, perceptual: float, style: float, region: Region, vgg_weights: str | None, vgg_norm: bool
    ) -> None:
        weights = {"perceptual": perceptual, "style": style}
        self.weights = {name: weight for name, weight in weights.items() if weight}
        self.region, self.vgg_weights, self.vgg_norm = region, vgg_weights, vgg_norm
        if self.weights:
            check_vgg19(vgg_weights)
        self._vgg: Vgg19Features | None = None

    def __call__(self, prediction: Tensor, batch: Batch, *, recompute: bool) -> dict[str, Tensor]:
        """Compute the terms that have a weight; with ``recompute`` activations are not kept for the gradient."""
        losses = {}
        if "perceptual" in self.weights:
            ours, truth = self._maps(prediction, batch.image, PERCEPTUAL, recompute)
            losses["perceptual"] = self.weights["perceptual"] * perceptual(ours, truth)
        if "style" in self.weights:
            kept = {"hole": batch.hole, "known": batch.known, "all": 1.0}[self.region]
            ours, truth = self._maps(prediction * kept, batch.image * kept, STYLE, recompute)
            losses["style"] = self.weights["style"] * style(ours, truth)
        return losses

    def vgg(self) -> Vgg19Features:
        """Return the frozen features; read once. Only training needs them, so a checkpoint predicts without."""
        if self._vgg is None:
            self._vgg = Vgg19Features(self.vgg_weights, normalise=self.vgg_norm)
        return self._vgg

    def _maps(
        self, prediction: Tensor, truth: Tensor, layers: tuple[str, ...], recompute: bool
    ) -> tuple[list[Tensor], list[Tensor]]:
        vgg = self.vgg()
        with torch.no_grad():
            expected: Any = vgg(truth, layers)
        if recompute:
            return checkpoint(vgg, prediction, layers, use_reentrant=False), expected
        return vgg(prediction, layers), expected


def mean_of_all(value: Tensor) -> Tensor:
    """Return the mean over the processes of a value without gradient; in a single process that value."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return value
    total = value.clone()
    torch.distributed.all_reduce(total)
    return total / torch.distributed.get_world_size()
