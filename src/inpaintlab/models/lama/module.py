"""LaMa: Resolution-robust Large Mask Inpainting with Fourier Convolutions (Suvorov et al., WACV 2022)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.losses.adversarial import generator_loss, patch_fake_loss, r1_penalty, real_loss
from inpaintlab.losses.feature_matching import feature_matching
from inpaintlab.losses.reconstruction import hole_l1, valid_l1
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.lama import official
from inpaintlab.models.lama.dft import Transform
from inpaintlab.models.lama.discriminator import Discriminator
from inpaintlab.models.lama.network import Convolution, Generator
from inpaintlab.models.lama.refine import refine as refine_at_several_sizes
from inpaintlab.models.lama.segmentation import SegmentationFeatures
from inpaintlab.models.lama.symmetric import fill_any_size
from inpaintlab.models.portable import Portable, completion

Picture = Literal["prediction", "completed"]
CLIP_NORM = {"generator": 1.0, "discriminator": 1.0}


class LaMa(AdversarialModule):
    """One generator that sees the whole picture from its first block on, against one discriminator of patches.

    Takes pictures of any size. Constants are those of the authors' code where it and the paper differ.

    Args:
        channels: 3 (colour) or 1 (grey).
        width, downs, blocks, convolution, global_share, transform: see ``Generator``.
        d_width, d_layers: see ``Discriminator``.
        valid, hole, adversarial, feature_matching, perceptual: weights of the generator's terms; a term of weight 0 is
            not computed. Without ``adversarial`` and ``feature_matching`` the discriminator does not play.
        r1: weight of the gradient penalty of the discriminator; 0 = none.
        losses_on: what discriminator and perceptual loss look at, the ``prediction`` or the ``completed`` picture.
        perceptual_weights: the file of ``SegmentationFeatures``; read only if the term has a weight, when training
            starts.
        lr: of Adam, generator, constant.
        d_lr: of Adam, discriminator, constant.
        clip_norm: largest norm of a player's gradients; None = no clipping.
        iterations: one step of the discriminator and one of the generator each.
        refine: refine predictions of pictures of more than about 724 px; see ``refine.refine``.
        refine_iterations, refine_lr: of that.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        downs: int = 3,
        blocks: int = 18,
        convolution: Convolution = "fourier",
        global_share: float = 0.75,
        transform: Transform = "fft",
        d_width: int = 64,
        d_layers: int = 4,
        valid: float = 10.0,
        hole: float = 0.0,
        adversarial: float = 10.0,
        feature_matching: float = 100.0,
        perceptual: float = 30.0,
        r1: float = 0.001,
        losses_on: Picture = "prediction",
        perceptual_weights: str | None = None,
        lr: float = 1e-3,
        d_lr: float = 1e-4,
        clip_norm: float | Mapping[str, float] | None = CLIP_NORM,
        iterations: int = 1_000_000,
        refine: bool = False,
        refine_iterations: int = 15,
        refine_lr: float = 0.002,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.weights = {
            "valid": valid,
            "hole": hole,
            "adversarial": adversarial,
            "feature_matching": feature_matching,
            "perceptual": perceptual,
        }
        if losses_on not in get_args(Picture):
            raise UserError(f"model.losses_on: expected {' | '.join(get_args(Picture))}, got {losses_on!r}")
        if min(*self.weights.values(), r1) < 0 or not any(self.weights.values()):
            names = ", model.".join(self.weights)
            raise UserError(f"model: expected weights of at least 0, one of model.{names} above it")
        if not (min(lr, d_lr, refine_lr) > 0 and iterations > 0 and refine_iterations > 0):
            raise UserError("model: expected positive lr, d_lr, refine_lr, iterations and refine_iterations")
        self.generator = Generator(channels, width, downs, blocks, convolution, global_share, transform)
        self.discriminator = Discriminator(channels, d_width, d_layers)
        self.differentiated_twice = ("discriminator",) if r1 else ()
        self.set_clip_norm(clip_norm)
        self.iterations = iterations
        self.refining = refine
        self.perceptual_weights = perceptual_weights
        self._segmentation: SegmentationFeatures | None = None

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole of pictures of any size; what stands in the hole of ``corrupted`` changes no bit."""
        if not self.refining:
            return self._predict(corrupted, known)
        own = self.hparams
        return refine_at_several_sizes(self.generator, corrupted, known, own.refine_iterations, own.refine_lr)

    def portable(self, onnx: bool) -> Portable:
        """Return the plain prediction, without refinement, which is a search; ``onnx``: Fourier by matrices."""
        if onnx:
            self.generator.use_transform("matmul")
        return completion(self, self._predict)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """``10 L1 on the known + 10 softplus(-D(y)) + 100 feature matching + 30 perceptual`` (eq. 5), in float32."""
        prediction = self._predict(batch.corrupted, batch.known)
        shown = composite(prediction, batch) if self.hparams.losses_on == "completed" else prediction
        terms = {}
        if self.weights["valid"]:
            terms["valid"] = valid_l1(prediction, batch.image, batch.known)
        if self.weights["hole"]:
            terms["hole"] = hole_l1(prediction, batch.image, batch.known)
        if self.plays:
            logits, features = self.discriminator(shown)
            if self.weights["adversarial"]:
                terms["adversarial"] = generator_loss(logits)
            if self.weights["feature_matching"]:
                with torch.no_grad():
                    _, truth = self.discriminator(batch.image)
                terms["feature_matching"] = feature_matching(features, truth, "l2", "mean")
        if self.weights["perceptual"]:
            with torch.no_grad():
                truth = self.segmentation()(batch.image)
            # The paper has the mean over the maps, the code their sum, at the same weight.
            terms["perceptual"] = feature_matching(self.segmentation()(shown), truth, "l2", "sum")
        return {name: self.weights[name] * value for name, value in terms.items()}

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """Eq. 3: true pictures are real, of painted ones only the patches of the hole are fake; and R1."""
        if not self.plays:
            return {}
        with torch.no_grad():
            shown = self._predict(batch.corrupted, batch.known)
            if self.hparams.losses_on == "completed":
                shown = composite(shown, batch)
        logits, truth = self._judge_truth(batch.image)
        terms = {"real": real_loss(logits), "fake": patch_fake_loss(self.discriminator(shown)[0], batch.known)}
        if self.hparams.r1:
            terms["r1"] = self.hparams.r1 * r1_penalty(logits, truth)
        return {"discriminator": terms}

    @property
    def plays(self) -> bool:
        """Whether the discriminator plays."""
        return bool(self.weights["adversarial"] or self.weights["feature_matching"])

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam with its default betas, at a constant rate."""
        rate = self.hparams.lr if player == "generator" else self.hparams.d_lr
        return torch.optim.Adam(self.get_submodule(player).parameters(), lr=rate)

    def segmentation(self) -> SegmentationFeatures:
        """Return the frozen features; read once. Only training needs them, so a checkpoint predicts without."""
        if self._segmentation is None:
            self._segmentation = SegmentationFeatures(self.perceptual_weights)
        return self._segmentation

    def setup(self, stage: str) -> None:
        """Read those weights before training starts, so that missing ones are reported at once."""
        if stage == "fit" and self.weights["perceptual"]:
            self.segmentation()

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the released network's arguments: 18 blocks for Big LaMa, 9 for LaMa-Fourier."""
        return official.arguments(contents)

    def load_official(self, contents: Mapping[str, Any]) -> list[str]:
        """Take the authors' weights; return the names of entries that have no use here."""
        return official.load(self.generator, self.discriminator, contents)

    def _predict(self, corrupted: Tensor, known: Tensor) -> Tensor:
        return fill_any_size(self.generator, corrupted, known)

    def _judge_truth(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of true pictures, and these as what R1 is differentiated by."""
        if not self.hparams.r1:
            return self.discriminator(image)[0], image
        image = image.detach().requires_grad_()
        # In float32, because the gradient's gradient goes below what 16 bits hold.
        with torch.autocast(image.device.type, enabled=False):
            return self.discriminator(image)[0], image
