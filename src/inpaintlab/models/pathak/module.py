"""Context Encoders: Feature Learning by Inpainting (Pathak, Krahenbuhl, Donahue, Darrell, Efros, CVPR 2016)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.layers.window import Window, locate
from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.pathak import official
from inpaintlab.models.pathak.network import ConditionalDiscriminator, Discriminator, Generator, Join, initialise
from inpaintlab.models.portable import Portable, Slot

Region = Literal["center", "random"]


class PathakContextEncoder(AdversarialModule):
    """Paints the central square of a picture, or the whole of it, from a vector; trained by ``L2`` and a discriminator.

    The networks work in [-1, 1], and see no map of what is known: the hole has a colour of its own.

    Args:
        region: ``center``: one square hole, in the middle of a window of ``size`` pixels around it; or ``random``:
            holes of any shape in pictures of ``size`` pixels.
        size: side of what the network sees, pixels, a power of 2.
        channels, width, bottleneck, noise, join: see ``network.Generator``.
        conditional: the discriminator sees the corrupted picture too; for ``center``.
        overlap: pixels by which the painted square of ``size / 2`` reaches beyond each side of the hole; for
            ``center``.
        known_weight: of painted pixels that are known in the L2 loss, those of the hole have 1; None = as the authors,
            10 for ``center``, 1 for ``random``.
        fill: colour of the hole that the network sees, 0 to 255; one number or one per channel.
        l2, adversarial: weights of the losses; without ``adversarial`` there is no discriminator.
        lr, d_lr: rates of generator and discriminator.
        iterations: of training.
        clip_norm: largest norm of the gradients, {``generator``: ..., ``discriminator``: ...}; None = no clipping.
        seed: of the noise.
    """

    def __init__(
        self,
        region: Region = "center",
        size: int = 128,
        channels: int = 3,
        width: int = 64,
        bottleneck: int = 4000,
        noise: int = 0,
        join: Join = "conv",
        conditional: bool = False,
        overlap: int = 4,
        known_weight: float | None = None,
        fill: float | Sequence[float] = (117, 104, 123),
        l2: float = 0.999,
        adversarial: float = 0.001,
        lr: float = 2e-3,
        d_lr: float = 2e-4,
        iterations: int = 116_000,
        clip_norm: float | Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self._check()
        self.side = size // 2 if region == "center" else size
        self.hole = self.side - 2 * overlap
        self.generator = Generator(size, self.side, channels, width, bottleneck, noise, join)
        if adversarial:
            network = ConditionalDiscriminator if conditional else Discriminator
            self.discriminator = network(self.side, channels, width)
        self.players = ("generator", "discriminator") if adversarial else ("generator",)
        for player in self.players:
            initialise(self.get_submodule(player))
        self.set_clip_norm(clip_norm)
        self.register_buffer("fill", _fill_colour(fill, channels), persistent=False)
        self.divisor = 1 if region == "center" else size
        self.iterations, self.seed = iterations, seed
        self.l2, self.adversarial, self.lr, self.d_lr = l2, adversarial, lr, d_lr
        self.known_weight = known_weight if known_weight is not None else 10.0 if region == "center" else 1.0

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Paint the hole; elsewhere the result is ``corrupted`` (``center``), or painted as well (``random``).

        ``UserError`` for anything but one square hole of ``size / 2 - 2 overlap`` pixels in each picture (``center``),
        or pictures that are not ``size`` pixels high and wide (``random``).
        """
        if self.hparams.region == "random":
            return (self._paint(self._whole(corrupted) * 2 - 1, known) + 1) / 2
        window = Window(known, self.hparams.size, self.hole)
        painted = self._paint(window.cut(corrupted) * 2 - 1, window.cut(known))
        inner = slice(self.hparams.overlap, self.hparams.overlap + self.hole)
        return window.paste(corrupted, (painted[..., inner, inner] + 1) / 2)

    def portable(self, onnx: bool) -> Portable:  # noqa: ARG002
        """Return the generator, which sees pictures of one size: the hole of ``center`` or all of ``random`` comes out.

        Where a hole lies is a question about the picture, which no graph of plain operators asks; noise is an input.
        """
        size, center = self.hparams.size, self.hparams.region == "center"
        slots = {"window": Slot("picture", size), "hole": Slot("hole", size)}
        if self.hparams.noise:
            slots["noise"] = Slot("vector", self.hparams.noise)
        inner = slice(self.hparams.overlap, self.hparams.overlap + self.hole) if center else slice(None)

        def paint(window: Tensor, hole: Tensor, noise: Tensor | None = None) -> Tensor:
            painted = self.generator(torch.where(hole < 0.5, window * 2 - 1, self.fill), noise)
            return (painted[..., inner, inner] + 1) / 2

        what = f"its hole, {self.hole} px wide, in the middle of" if center else "all of"
        return Portable(self, paint, slots, f"{what} a window of {size} px")

    def check_holes(self, known: Tensor) -> None:
        """Refuse all but square holes, where it paints the square in the middle."""
        if self.hparams.region == "center":
            locate(known, self.hole)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """``lambda_rec sum w (p - t)^2 / N - lambda_adv log D(p)`` for what is painted, p, and the truth there, t."""
        pictures, known = self._seen(batch)
        painted, truth = self._paint(pictures, known), self._target(pictures)
        weights = torch.where(self._target(known) > 0.5, self.known_weight, 1.0)
        losses = {"l2": self.l2 * (weights * (painted - truth).square()).mean()}
        if self.adversarial:
            logits = self.discriminator(painted, self._filled(pictures, known))
            losses["adversarial"] = self.adversarial * generator_loss(logits)
        return losses

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """``- log D(t) - log(1 - D(p))``; true and painted squares apart, each with its own BatchNorm statistics."""
        if not self.adversarial:
            return {}
        pictures, known = self._seen(batch)
        with torch.no_grad():
            painted = self._paint(pictures, known)
        context = self._filled(pictures, known)
        real = self.discriminator(self._target(pictures), context)
        return {"discriminator": {"real": real_loss(real), "fake": fake_loss(self.discriminator(painted, context))}}

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam with betas (0.5, 0.999); the generator's rate is ten times the discriminator's."""
        rate = self.lr if player == "generator" else self.d_lr
        learnt = [parameter for parameter in self.get_submodule(player).parameters() if parameter.requires_grad]
        return torch.optim.Adam(learnt, lr=rate, betas=(0.5, 0.999))

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments for which a released generator fits."""
        return official.arguments(contents)

    def load_official(self, state_dict: Mapping[str, Any]) -> list[str]:
        """Take the weights of the authors' released generators, see ``official``; return the names without a use."""
        return official.load(self.generator, state_dict)

    def _seen(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the true pictures (B, C, size, size) in [-1, 1] that the network looks at, and what is known."""
        if self.hparams.region == "random":
            return self._whole(batch.image) * 2 - 1, batch.known
        window = Window(batch.known, self.hparams.size, self.hole, wait=False)
        return window.cut(batch.image) * 2 - 1, window.cut(batch.known)

    def _target(self, pictures: Tensor) -> Tensor:
        """Return the part of what the network sees that it paints: the square in the middle, or all."""
        margin = (self.hparams.size - self.side) // 2
        return pictures[..., margin : margin + self.side, margin : margin + self.side]

    def _filled(self, pictures: Tensor, known: Tensor) -> Tensor:
        return torch.where(known > 0.5, pictures, self.fill)

    def _paint(self, pictures: Tensor, known: Tensor) -> Tensor:
        """Return (B, C, side, side) in [-1, 1]; what stands in the holes is not looked at."""
        if self.training and len(pictures) < 2:
            raise UserError("data.batch_size=1: BatchNorm behind the 1 x 1 bottleneck needs at least 2 pictures")
        length = self.hparams.noise
        noise = self.drawn(len(pictures), length, seed=self.seed, sample=torch.randn) if length else None
        return self.generator(self._filled(pictures, known), noise).float()

    def _whole(self, pictures: Tensor) -> Tensor:
        size = self.hparams.size
        if pictures.shape[-2:] != (size, size):
            height, width = pictures.shape[-2:]
            raise UserError(
                f"picture of {height}x{width} px: this network sees {size}x{size} with model.region=random; "
                f"resize it, or set data.size={size}"
            )
        return pictures

    def _check(self) -> None:
        hparams = self.hparams
        if hparams.region not in get_args(Region):
            raise UserError(f"model.region={hparams.region}: expected {' | '.join(get_args(Region))}")
        if hparams.region == "random" and hparams.conditional:
            raise UserError("model.conditional=true: the authors have it for model.region=center alone")
        if hparams.region == "center" and not 0 <= 2 * hparams.overlap < hparams.size // 2:
            raise UserError(f"model.overlap={hparams.overlap}: expected 0 or more, with a hole left of model.size / 2")
        if min(hparams.l2, hparams.adversarial) < 0 or hparams.l2 + hparams.adversarial == 0:
            raise UserError(
                f"model: expected weights of 0 or more, got l2={hparams.l2}, adversarial={hparams.adversarial}"
            )
        for name in ("noise", "seed"):
            if hparams[name] < 0:
                raise UserError(f"model.{name}={hparams[name]}: expected 0 or more")


def _fill_colour(fill: float | Sequence[float], channels: int) -> Tensor:
    """Return the colour in [-1, 1], (1 or C, 1, 1)."""
    colour = [float(value) for value in (fill if isinstance(fill, Sequence) else [fill])]
    if len(colour) not in (1, channels) or not all(0 <= value <= 255 for value in colour):
        raise UserError(f"model.fill={fill}: expected one number in 0..255, or {channels}, one per channel")
    return (torch.tensor(colour) / 127.5 - 1)[:, None, None]
