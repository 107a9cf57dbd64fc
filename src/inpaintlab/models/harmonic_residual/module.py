"""A small U-Net that corrects the harmonic fill; the one model here that is shipped with weights."""

# ruff: noqa: ARG002 - the constructor reads its arguments from self.hparams

from collections.abc import Sequence

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.losses.structure import log_error, structural_dissimilarity
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.harmonic_residual.fill import harmonic_fill
from inpaintlab.models.harmonic_residual.network import ResidualUNet
from inpaintlab.models.harmonic_residual.views import Views, views_of
from inpaintlab.models.harmonic_residual.weight_file import load_weights
from inpaintlab.models.portable import Portable


class HarmonicResidual(InpaintingModule):
    """``prediction = h + U(h - mean(h), M)``: h the harmonic fill, U a U-Net without normalisation.

    Args:
        channels: 3 (colour) or 1 (grey).
        fold: side of the squares of pixels that the network's door turns into channels.
        widths: channels of the network at 1/fold, 1/(2 fold), ... of the picture's resolution.
        blocks: residual blocks per level, on the way down and again on the way up; the last level has them once.
        sweeps: Jacobi steps per level of the harmonic fill.
        iterations: optimiser steps of the schedule.
        lr: learning rate after the warm-up and before the cool-down.
        warmup: optimiser steps of linear warm-up.
        cooldown: last share of the iterations, in which the rate falls to zero along a straight line.
        clip_norm: largest norm of the gradients; None = no clipping.
        error: weight of the logarithm of the squared error in the hole.
        structure: weight of 1 - SSIM in the hole.
        views: how many fills the prediction is the mean of: 1, 2 (with the mirrored picture's) or 8 (and those turned
            by 90, 180 and 270 degrees), each brought back to its place. Training is not concerned.
        weights: None; ``bundled``, the weights that the package carries; or a ``.safetensors`` file of such weights.
            Training starts from them, and ``evaluate`` and ``predict`` need no checkpoint.
    """

    def __init__(
        self,
        channels: int = 3,
        fold: int = 4,
        widths: Sequence[int] = (48, 64, 96, 128),
        blocks: Sequence[int] = (1, 1, 2, 3),
        sweeps: int = 8,
        iterations: int = 20_000,
        lr: float = 1e-3,
        warmup: int = 200,
        cooldown: float = 0.4,
        clip_norm: float | None = 1.0,
        error: float = 1.0,
        structure: float = 2.0,
        views: Views = 1,
        weights: str | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = ResidualUNet(channels + 1, channels, fold, widths, blocks)
        self.views = views_of(views)
        self.divisor = fold * 2 ** (len(widths) - 1)
        self.iterations = iterations
        self.set_clip_norm(clip_norm)
        if weights is not None:
            load_weights(self, weights)
            self.trained = True
            self.hparams.weights = None  # from here on they travel in the checkpoint

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole; what stands in the hole of ``corrupted`` changes no bit of the result."""
        fills = []
        for view in self.views:
            fill = self.predict_unclamped(view.turn(corrupted), view.turn(known))
            fills.append(view.turn_back(fill))
        return torch.stack(fills).mean(0).clamp(0, 1)

    def predict_unclamped(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Return the harmonic fill plus the network's correction, (B, C, H, W), not confined to [0, 1]."""
        with torch.no_grad():
            smooth = harmonic_fill(corrupted, known, self.hparams.sweeps)
            # Brightness and tint of the whole picture are taken away, so that they need not be learnt.
            centred = (smooth - smooth.mean((2, 3), keepdim=True)) * 4
            seen = torch.cat([centred, known], 1).contiguous(memory_format=torch.channels_last)
        return smooth + self.network(seen)

    def portable(self, onnx: bool) -> Portable:
        """Refuse: a file has the steps of one size of picture, and the harmonic fill has more in larger ones."""
        raise UserError(
            "HarmonicResidual starts from a harmonic fill with as many levels as the picture's size asks for, which no "
            "exported file can; use format=safetensors"
        )

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Both terms, on the composited picture, in float32."""
        completed = composite(self.predict_unclamped(batch.corrupted, batch.known).float(), batch)
        return {
            "error": self.hparams.error * log_error(completed, *batch),
            "structure": self.hparams.structure * structural_dissimilarity(completed, *batch, stride=2),
        }

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with beta2 = 0.99, which forgets early gradients sooner: runs here are short."""
        return torch.optim.Adam(self.parameters(), lr=self.rate_at(int(self.iteration)), betas=(0.9, 0.99))

    def rate_at(self, iteration: int) -> float:
        """Return the learning rate of the step after ``iteration`` steps: up, level, down (Haegele et al. 2024)."""
        up = (iteration + 1) / max(1, self.hparams.warmup)
        down = (self.hparams.iterations - iteration) / max(1, self.hparams.cooldown * self.hparams.iterations)
        return self.hparams.lr * max(0.0, min(1.0, up, down))

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set the rate that the clock says."""
        for group in self.optimizers().param_groups:
            group["lr"] = self.rate_at(int(self.iteration))
