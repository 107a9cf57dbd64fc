"""GLCIC: Globally and Locally Consistent Image Completion (Iizuka, Simo-Serra, Ishikawa, SIGGRAPH 2017)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.layers.poisson import poisson_blend
from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.glcic import fitting, official, patches, schedule
from inpaintlab.models.glcic.network import (
    MEAN,
    CompletionNetwork,
    Discriminator,
    Extent,
    InputNorm,
    NormOrder,
    OutAct,
)
from inpaintlab.models.portable import Portable
from inpaintlab.models.stages import total_iterations

Reconstruction = Literal["mse", "l1"]
HoleNorm = Literal["all", "hole"]
DiscriminatorInput = Literal["composite", "raw"]
RealPatch = Literal["random", "same"]
Blend = Literal["none", "poisson"]
Fit = Literal["pad", "scale"]
Optimizer = Literal["adadelta", "adam"]


class GLCIC(AdversarialModule):
    """A dilated completion network, judged by what it paints around the hole and by the whole, in three phases.

    It fills holes of any shape in pictures of any size; the discriminator needs training pictures of ``size`` pixels.

    Args:
        size: side of the training pictures, pixels, a multiple of ``2**global_layers``.
        patch: side of the square around the hole that the local discriminator sees, pixels, a multiple of
            ``2**local_layers``.
        channels, width, norm_order, input_norm, out_act, mean: see ``network.CompletionNetwork``.
        global_layers, local_layers, views: see ``network.Discriminator``.
        phases: in order, ``{iterations, plays}``, plays a list of ``generator`` and ``discriminator``.
        rec: ``mse`` or ``l1``, in the hole.
        hole_norm: divide it by the elements of the whole picture (``all``) or of the hole.
        alpha: weight of the adversarial term of the completion network.
        d_input: the discriminator sees the completed picture (``composite``), or all that is painted (``raw``).
        real_patch: of the true picture it sees a patch anywhere (``random``), or where the completed one's is.
        optimizer: ``adadelta`` (rho 0.9) or ``adam``, of both networks.
        lr: its rate.
        clip_norm: largest norm of the gradients, {``generator``: ..., ``discriminator``: ...}; None = no clipping.
        blend: ``poisson``: the gradients of what is painted, continued from the known pixels; or ``none``.
        fit: pictures whose sides are no multiples of 4 are mirrored on (``pad``), or resized and back (``scale``).
        seed: of the places of patches.
    """

    def __init__(
        self,
        size: int = 256,
        patch: int = 128,
        channels: int = 3,
        width: int = 64,
        global_layers: int = 6,
        local_layers: int = 5,
        views: Sequence[Extent] = ("local", "global"),
        norm_order: NormOrder = "bn_act",
        input_norm: InputNorm = "sub_mean",
        out_act: OutAct = "sigmoid",
        mean: Sequence[float] = MEAN,
        phases: Sequence[Mapping[str, Any]] = schedule.PHASES,
        rec: Reconstruction = "mse",
        hole_norm: HoleNorm = "all",
        alpha: float = 4e-4,
        d_input: DiscriminatorInput = "composite",
        real_patch: RealPatch = "random",
        optimizer: Optimizer = "adadelta",
        lr: float = 1.0,
        clip_norm: float | Mapping[str, float] | None = None,
        blend: Blend = "none",
        fit: Fit = "pad",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self._check()
        self.generator = CompletionNetwork(channels, width, norm_order, input_norm, out_act, mean)
        self.discriminator = Discriminator(size, patch, global_layers, local_layers, views, channels, width, norm_order)
        self.rec, self.hole_norm, self.alpha, self.d_input, self.real_patch = rec, hole_norm, alpha, d_input, real_patch
        self.algorithm, self.lr, self.blend, self.fit, self.seed = optimizer, lr, blend, fit, seed
        self.set_clip_norm(clip_norm)
        self.divisor = 4 if fit == "pad" else 1
        self.iterations = total_iterations(phases)

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Complete the picture; what stands in the hole of ``corrupted`` changes no bit of the result."""
        if self.fit == "scale":
            prediction = fitting.through(self.generator, corrupted, known)
        else:
            prediction = self.generator(corrupted, known)
        if self.blend == "poisson":
            prediction = poisson_blend(corrupted, known, prediction).clamp(0, 1)
        return prediction

    def portable(self, onnx: bool) -> Portable:
        """Refuse what is no operator: the sparse solve of ``blend=poisson``, the chosen size of ``fit=scale``."""
        if self.blend == "poisson":
            raise UserError(
                "GLCIC with blend=poisson solves a sparse system, which no exported file can; use blend=none"
            )
        if self.fit == "scale":
            raise UserError("GLCIC with fit=scale chooses a size for each picture, which no exported file can; use pad")
        return super().portable(onnx)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """``L_mse = ||h (C(x, h) - x)||^2``, and with the discriminator in play ``- alpha log D(x, C(x, h))``."""
        prediction = self.generator(batch.corrupted, batch.known)
        losses = {self.rec: self._reconstruction(prediction, batch)}
        if "discriminator" in self.stage_at(int(self.iteration)):
            logits = self.discriminator(self._fake_views(prediction, batch))
            losses["adversarial"] = self.alpha * generator_loss(logits)
        return losses

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """``-1/2 [log D(x) + log(1 - D(y))]``; while it learns alone, the completion network is in evaluation."""
        if "discriminator" not in self.stage_at(int(self.iteration)):
            return {}
        with torch.no_grad(), self._as_it_stands(not self.generator_plays()):
            fake = self._fake_views(self.generator(batch.corrupted, batch.known), batch)
        real = self.discriminator(self._real_views(batch))
        return {"discriminator": {"real": real_loss(real) / 2, "fake": fake_loss(self.discriminator(fake)) / 2}}

    def generator_plays(self) -> bool:
        """Tell whether the completion network learns in this phase."""
        return "generator" in self.stage_at(int(self.iteration))

    def stage_at(self, iteration: int) -> tuple[str, ...]:
        """Return who plays in the step after ``iteration`` steps."""
        return schedule.stage_at(self.hparams.phases, iteration)

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adadelta with its own defaults (otenim), the same for both."""
        optimizer = torch.optim.Adadelta if self.algorithm == "adadelta" else torch.optim.Adam
        return optimizer(self.get_submodule(player).parameters(), lr=self.lr)

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments for which released weights fit, of the authors or of two ports."""
        return official.arguments(contents)

    def load_official(self, state_dict: Mapping[str, Any]) -> list[str]:
        """Take released weights, of the authors or of two ports, see ``official``; return the names without a use."""
        return official.load(self.generator, self.discriminator, state_dict)

    def _reconstruction(self, prediction: Tensor, batch: Batch) -> Tensor:
        error = batch.hole * (prediction - batch.image)
        error = error.square() if self.rec == "mse" else error.abs()
        if self.hole_norm == "all":
            return error.mean()
        return error.sum() / (batch.hole.sum() * error.shape[1]).clamp(min=1)

    def _fake_views(self, prediction: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return what the discriminator sees of the completed picture: {local, global}."""
        picture = composite(prediction, batch) if self.d_input == "composite" else prediction
        return self._views(picture, self._corners(batch)[0])

    def _real_views(self, batch: Batch) -> dict[str, Tensor]:
        return self._views(batch.image, self._corners(batch)[1])

    def _views(self, pictures: Tensor, corners: Tensor) -> dict[str, Tensor]:
        size = self.hparams.size
        if pictures.shape[-2:] != (size, size):
            height, width = pictures.shape[-2:]
            raise UserError(
                f"picture of {height}x{width} px: the discriminator sees {size}x{size}; set data.size={size}, "
                f"or paper.size for another size of both"
            )
        return {"local": patches.cut(pictures, corners, self.hparams.patch), "global": pictures}

    def _corners(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Place the patches of completed and true pictures: the same in every turn of one iteration."""
        draws = self.drawn(len(batch.known), 4, seed=self.seed)
        fake = patches.around_hole(batch.known, self.hparams.patch, draws[:, :2])
        if self.real_patch == "same":
            return fake, fake
        return fake, patches.anywhere(batch.known, self.hparams.patch, draws[:, 2:])

    @contextmanager
    def _as_it_stands(self, frozen: bool) -> Iterator[None]:
        """Let the completion network normalise by its running statistics while it is frozen."""
        was_training = self.generator.training
        try:
            self.generator.train(was_training and not frozen)
            yield
        finally:
            self.generator.train(was_training)

    def _check(self) -> None:
        hparams = self.hparams
        schedule.check_phases(hparams.phases)
        choices = {
            "rec": Reconstruction,
            "hole_norm": HoleNorm,
            "d_input": DiscriminatorInput,
            "real_patch": RealPatch,
            "optimizer": Optimizer,
            "blend": Blend,
            "fit": Fit,
        }
        for name, words in choices.items():
            if hparams[name] not in get_args(words):
                raise UserError(f"model.{name}={hparams[name]}: expected {' | '.join(get_args(words))}")
        if hparams.patch > hparams.size:
            raise UserError(f"model.patch={hparams.patch}: does not fit a picture of model.size={hparams.size} px")
        if hparams.alpha < 0 or hparams.lr <= 0 or hparams.seed < 0:
            raise UserError(
                f"model: expected alpha and seed of 0 or more and a positive lr, got alpha={hparams.alpha}, "
                f"seed={hparams.seed}, lr={hparams.lr}"
            )
