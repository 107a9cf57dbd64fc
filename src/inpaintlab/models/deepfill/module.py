"""DeepFill: inpainting with contextual attention (v1, Yu et al. 2018), with gated convolutions (v2, Yu et al. 2019)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.layers.contextual_attention import ContextualAttention, Invalid, Overlap, Resize
from inpaintlab.layers.padded_conv import Padding
from inpaintlab.losses.adversarial import (
    gradient_penalty,
    hinge_fake_loss,
    hinge_real_loss,
    wasserstein_fake_loss,
    wasserstein_real_loss,
)
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.deepfill import critics, official
from inpaintlab.models.deepfill.box import Box
from inpaintlab.models.deepfill.discount import discounted_l1
from inpaintlab.models.deepfill.network import Convolution, DeepFillNet, Output, initialise
from inpaintlab.models.portable import Portable


class View(NamedTuple):
    """What one critic looks at."""

    pictures: Tensor
    """(B, C, H, W) in [-1, 1]."""
    hole: Tensor
    """(B, 1, H, W), 1 in the hole."""


class DeepFill(AdversarialModule):
    """A coarse and a refined painting, an L1 loss for both, and critics for the completed refined one.

    The defaults are those of v2; ``conf/model/deepfill_v1.yaml`` has v1's.

    Args:
        size: side of the pictures in training, pixels; with ``critic=wgan`` a multiple of 16. It predicts any size.
        channels, width, convolution, refinement_sees_hole, output, padding: see ``DeepFillNet``.
        resize, invalid, overlap, fuse, chunk: see ``ContextualAttention``; ``resize`` also brings the hole to its size.
        channel_order: the networks are shown ``rgb``, or ``bgr`` as the authors' weights want it.
        critic: ``wgan``, one of the whole picture and, with a box, one of it; ``sn_patch``, one of patches.
        critic_width: filters of a critic's first layer.
        critic_steps: batches for the critics to one for the generator.
        box: side of the square around the hole that v1 looks at, pixels at a side of 256; it grows with ``size``. None:
            no such square, then the pixel loss is of the whole picture.
        l1: weight of the pixel loss in the box, or in the whole picture.
        discount: gamma of the pixel loss's decay towards the middle of the box, 1 = none; see ``discount``.
        known_l1: weight of the pixel loss on what is known, divided by its share of the picture.
        coarse: weight of the coarse painting's pixel losses against the refined one's.
        adversarial: weight of the critics' opinion.
        penalty: weight of the critics' gradient penalty, ``critic=wgan``.
        lr, beta1, beta2: Adam of all players.
        clip_norm: largest norm of each player's gradients, or {player: norm}; None = no clipping.
        iterations: batches; the generator takes a step in every ``critic_steps``-th.
        seed: of the mixing of the gradient penalty.
    """

    def __init__(
        self,
        size: int = 256,
        channels: int = 3,
        width: int = 24,
        convolution: Convolution = "gated",
        refinement_sees_hole: bool = False,
        output: Output = "tanh",
        padding: Padding = "tf_same",
        resize: Resize = "align_corners",
        invalid: Invalid = "zero",
        overlap: Overlap = "four",
        fuse: bool = True,
        chunk: int | None = 4_194_304,
        channel_order: Literal["rgb", "bgr"] = "rgb",
        critic: Literal["wgan", "sn_patch"] = "sn_patch",
        critic_width: int = 64,
        critic_steps: int = 1,  # noqa: ARG002 - read in generator_plays
        box: int | None = None,
        l1: float = 1.0,
        discount: float = 1.0,
        known_l1: float = 0.0,
        coarse: float = 1.0,
        adversarial: float = 1.0,
        penalty: float = 10.0,
        lr: float = 1e-4,
        beta1: float = 0.5,
        beta2: float = 0.999,
        clip_norm: float | Mapping[str, float] | None = None,
        iterations: int = 1_000_000,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.box = None if box is None else round(box * size / 256)
        self.discount, self.wgan, self.bgr = discount, critic == "wgan", channel_order == "bgr"
        self.weights = {
            "l1": l1,
            "known": known_l1,
            "coarse": coarse,
            "refined": 1.0,
            "adversarial": adversarial,
            "penalty": penalty,
        }
        self.lr, self.betas, self.seed = lr, (beta1, beta2), seed
        self._check()
        attention = ContextualAttention(resize, invalid, overlap, fuse, chunk)
        self.generator = DeepFillNet(attention, channels, width, convolution, refinement_sees_hole, output, padding)
        initialise(self.generator)
        shape = {"channels": channels, "width": critic_width, "padding": padding}
        if not self.wgan:
            self.critic = critics.PatchCritic(**shape)
            self.players = ("generator", "critic")
        else:
            self.global_critic = critics.PictureCritic(size, critics.GLOBAL, **shape)
            self.players = ("generator", "global_critic")
            if self.box is not None:
                self.local_critic = critics.PictureCritic(self.box, critics.LOCAL, **shape)
                self.players = ("generator", "global_critic", "local_critic")
            self.differentiated_twice = self.players[1:]
        self.set_clip_norm(clip_norm)
        self.divisor = 8
        self.iterations = iterations

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole; what stands in the hole of ``corrupted`` changes no bit of the result."""
        return self.stages(corrupted, known)[-1]

    def stages(self, corrupted: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coarse and the refined painting, (B, C, H, W) in [0, 1] each."""
        coarse, refined = self._paint(corrupted, known)
        return self._to_pixels(coarse), self._to_pixels(refined)

    def portable(self, onnx: bool) -> Portable:
        """Return the whole, with attention in one piece: chunks would be counted for one size of picture."""
        self.generator.attention.chunk = None
        return super().portable(onnx)

    def generator_plays(self) -> bool:
        """The critics go ahead by ``critic_steps - 1`` batches."""
        return (int(self.iteration) + 1) % self.hparams.critic_steps == 0

    def check_holes(self, known: Tensor) -> None:
        """Refuse holes that do not fit the box, where there is one."""
        if self.box is not None:
            Box(known, self.box)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Pixel losses of both paintings, and what the critics say of the refined one with the known pixels put back.

        v1: ``1.2 L_1 + 1.2 L_known - 0.001 sum E[D]``; v2: ``L_1 - E[D]``.
        """
        truth = Batch(self._to_space(batch.image), batch.known)
        coarse, refined = self._paint(batch.corrupted, batch.known)
        box = None if self.box is None else Box(batch.known, self.box, wait=False)
        losses = {}
        for name, picture in (("coarse", coarse), ("refined", refined)):
            terms = self._pixel_losses(picture, truth, box)
            losses |= {f"{term}_{name}": self.weights[name] * value for term, value in terms.items()}
        views = self._views(composite(refined, truth), truth, box)
        opinions = [wasserstein_real_loss(self._scores(player, view)) for player, view in views.items()]
        losses["adversarial"] = self.weights["adversarial"] * torch.stack(opinions).sum()
        return losses

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """Return each critic's own: Wasserstein with gradient penalty (v1), or half of the hinge losses (v2)."""
        truth = Batch(self._to_space(batch.image), batch.known)
        with torch.no_grad():
            _, refined = self._paint(batch.corrupted, batch.known)
        box = None if self.box is None else Box(batch.known, self.box, wait=False)
        real, fake = (self._views(pictures, truth, box) for pictures in (truth.image, composite(refined, truth)))
        terms = self._wasserstein if self.wgan else self._hinge
        return {player: terms(player, real[player], fake[player]) for player in self.players[1:]}

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam at a constant rate, the same for all."""
        return torch.optim.Adam(self.get_submodule(player).parameters(), lr=self.lr, betas=self.betas)

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments for which weights in one of the known layouts fit; see ``official.arguments``."""
        return official.arguments(contents)

    def load_official(self, contents: Mapping[str, Any]) -> list[str]:
        """Take weights of the authors' release or of a port; return the names of the entries that have no use here.

        See ``official.load``.
        """
        return official.load(self, contents)

    def _pixel_losses(self, picture: Tensor, truth: Batch, box: Box | None) -> dict[str, Tensor]:
        """Return the weighted L1 losses of one painting (B, C, H, W), raw; a term of weight 0 is not computed."""
        losses = {}
        if self.weights["l1"]:
            views = (picture, truth.image) if box is None else (box.cut(picture), box.cut(truth.image))
            losses["l1"] = discounted_l1(*views, self.discount)
        if self.weights["known"]:  # each picture by its own share; the authors' batches have one mask for all
            errors = ((picture - truth.image).abs() * truth.known).mean((1, 2, 3))
            losses["known"] = (errors / truth.known.mean((1, 2, 3))).mean()
        return {name: self.weights[name] * value for name, value in losses.items()}

    def _wasserstein(self, player: str, real: View, fake: View) -> dict[str, Tensor]:
        network = self.get_submodule(player)
        # A column for each critic: they mix by shares of their own.
        mixing = self.drawn(len(real.pictures), 2, seed=self.seed)[:, self.players.index(player) - 1]
        penalty = gradient_penalty(network, real.pictures, fake.pictures, mixing, real.hole)
        return {
            "real": wasserstein_real_loss(self._scores(player, real)),
            "fake": wasserstein_fake_loss(self._scores(player, fake)),
            "penalty": self.weights["penalty"] * penalty,
        }

    def _hinge(self, player: str, real: View, fake: View) -> dict[str, Tensor]:
        """Both in one batch, so that one step of the power iteration serves both."""
        both = View(*(torch.cat(parts) for parts in zip(real, fake, strict=True)))
        real_scores, fake_scores = self._scores(player, both).chunk(2)
        return {"real": 0.5 * hinge_real_loss(real_scores), "fake": 0.5 * hinge_fake_loss(fake_scores)}

    def _views(self, pictures: Tensor, truth: Batch, box: Box | None) -> dict[str, View]:
        """Return what each critic sees of pictures (B, C, H, W) with the known pixels put back."""
        whole = View(pictures, truth.hole)
        if not self.wgan:
            return {"critic": whole}
        views = {"global_critic": whole}
        if box is not None:
            views["local_critic"] = View(*(box.cut(part) for part in whole))
        return views

    def _scores(self, player: str, view: View) -> Tensor:
        """Ask a critic; that of patches is shown where the hole is, those of v1 are not."""
        seen = view.pictures if self.wgan else torch.cat(view, 1)
        return self.get_submodule(player)(seen)

    def _paint(self, corrupted: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return both paintings in the network's space, float32: [-1, 1], the hole seen as 0."""
        picture = torch.where(known > 0.5, self._to_space(corrupted), 0)
        coarse, refined = self.generator(picture, 1 - known)
        return coarse.float(), refined.float()

    def _to_space(self, pictures: Tensor) -> Tensor:
        """Map [0, 1] to [-1, 1] in the networks' order of colours."""
        return (pictures.flip(1) if self.bgr else pictures) * 2 - 1

    def _to_pixels(self, pictures: Tensor) -> Tensor:
        """Undo ``_to_space``."""
        pixels = ((pictures + 1) / 2).clamp(0, 1)
        return pixels.flip(1) if self.bgr else pixels

    def _check(self) -> None:
        hparams = self.hparams
        for name, words in (("critic", ("wgan", "sn_patch")), ("channel_order", ("rgb", "bgr"))):
            if hparams[name] not in words:
                raise UserError(f"model.{name}={hparams[name]}: expected {' | '.join(words)}")
        for name in ("critic_width", "critic_steps", "iterations"):
            if hparams[name] < 1:
                raise UserError(f"model.{name}={hparams[name]}: expected at least 1")
        for name in ("l1", "known_l1", "coarse", "adversarial", "penalty", "seed"):
            if hparams[name] < 0:
                raise UserError(f"model.{name}={hparams[name]}: expected 0 or more")
        if not 0 < hparams.discount <= 1:
            raise UserError(f"model.discount={hparams.discount}: expected more than 0 and at most 1 (1: none)")
        if self.box is None and hparams.discount < 1:
            raise UserError(f"model.discount={hparams.discount}: it needs a box to decay in, model.box=128")
        if not hparams.lr > 0:
            raise UserError(f"model.lr={hparams.lr}: expected a positive rate")
