"""Context encoder with local and global discriminators (J. Imaging Sci. Technol., about 2021)."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.layers.window import Window, locate
from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.context_encoder import schedule
from inpaintlab.models.context_encoder.network import Activation, Decoder, Discriminator, Encoder, initialise
from inpaintlab.models.portable import Portable, Slot

VARIANTS = {"rec": (), "rec_local": ("local",), "rec_local_global": ("local", "global")}
"""Fig. 12 and Table VII: the discriminators of each."""


class ContextEncoder(AdversarialModule):
    """Paints one square hole from what stands around it; one discriminator judges the hole, one the whole.

    The network sees a square window with the hole in its middle. It works in [-1, 1].

    Args:
        size: side of the window, pixels, a multiple of 32; pictures may be larger or smaller.
        hole: side of the hole, pixels.
        channels: 3 (colour) or 1 (grey).
        variant: ``rec``, ``rec_local`` or ``rec_local_global``; weights of absent discriminators count as 0.
        width: channels of the first layer of each network.
        bottleneck: length of the features between encoder and decoder.
        conv3_kernel: 1, or 3 for the ablation of the 1 x 1 convolution.
        decoder_bn: BatchNorm in the decoder.
        d_first_bn: BatchNorm behind the first convolution of the discriminators.
        d_act: ``relu`` or ``leaky_relu``, of the discriminators.
        phases: in order, ``{iterations, rec, local, global, ramp}``; see ``schedule.stage_at``.
        saturating: the generator minimises ``log(1 - D)`` instead of ``-log D``.
        lr: rate of the generator.
        d_lr: rate of the discriminators.
        clip_norm: largest norm of a player's gradients, {``generator``: ..., ``local_discriminator``: ..., ...}; None =
            no clipping.
    """

    def __init__(
        self,
        size: int = 128,
        hole: int = 64,
        channels: int = 3,
        variant: Literal["rec", "rec_local", "rec_local_global"] = "rec_local_global",
        width: int = 64,
        bottleneck: int = 4000,
        conv3_kernel: int = 1,
        decoder_bn: bool = True,
        d_first_bn: bool = True,
        d_act: Activation = "relu",
        phases: Sequence[Mapping[str, Any]] = schedule.PHASES,
        saturating: bool = False,
        lr: float = 3e-4,
        d_lr: float = 3e-4,
        clip_norm: float | Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if variant not in VARIANTS:
            raise UserError(f"model.variant={variant}: expected {' | '.join(VARIANTS)}")
        schedule.check_phases(phases)
        self.iterations = sum(phase["iterations"] for phase in phases)
        self.saturating, self.lr, self.d_lr = saturating, lr, d_lr
        self.size, self.hole = size, hole
        if hole > size:
            raise UserError(f"model.hole={hole}: does not fit a window of model.size={size} px")
        self.generator = nn.Sequential(
            OrderedDict(
                encoder=Encoder(size, channels, width, bottleneck, conv3_kernel),
                decoder=Decoder(hole, channels, width, bottleneck, decoder_bn),
            )
        )
        for name, side, layers in (("local", hole, 4), ("global", size, 5)):
            if name in VARIANTS[variant]:
                network = Discriminator(side, layers, channels, width, d_first_bn, d_act)
                self.add_module(f"{name}_discriminator", network)
        self.players = ("generator", *(f"{name}_discriminator" for name in VARIANTS[variant]))
        self.set_clip_norm(clip_norm)
        for player in self.players:
            initialise(self.get_submodule(player))

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Paint the hole; elsewhere the result is ``corrupted``. No square hole of ``hole`` px: ``UserError``."""
        window = Window(known, self.size, self.hole)
        patch = self._paint(window.cut(corrupted) * 2 - 1, window.cut(known))
        return window.paste(corrupted, (patch + 1) / 2)

    def portable(self, onnx: bool) -> Portable:  # noqa: ARG002
        """Return the generator: a window with the hole in its middle in, the painted hole out.

        Where a hole lies is a question about the picture, which no graph of plain operators asks.
        """
        margin = (self.size - self.hole) // 2

        def paint(window: Tensor) -> Tensor:
            middle = torch.zeros_like(window[..., :1, margin : margin + self.hole, margin : margin + self.hole])
            known = F.pad(middle, [margin] * 4, value=1.0)
            return (self._paint(window * 2 - 1, known) + 1) / 2

        promise = f"the hole, {self.hole} px wide, in the middle of a window of {self.size} px"
        return Portable(self, paint, {"window": Slot("picture", self.size)}, promise)

    def check_holes(self, known: Tensor) -> None:
        """Refuse all but square holes of ``hole`` px."""
        locate(known, self.hole)

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 5: ``L = lambda_1 L_r + lambda_2 L_l + lambda_3 L_g``, those terms that have their turn."""
        stage = self.stage_at(int(self.iteration))
        real, fake = self._views(batch)
        losses = {"rec": F.mse_loss(fake["local"], real["local"])}  # eq. 2, as a mean over the elements
        losses |= {
            name: generator_loss(self._logits(name, fake), saturating=self.saturating) for name in stage.discriminators
        }
        return {name: stage.weights[name] * value for name, value in losses.items()}

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """Eq. 3 and 4 with the other sign; real and painted pictures apart, each with its own BatchNorm statistics."""
        stage = self.stage_at(int(self.iteration))
        if not stage.discriminators:
            return {}
        with torch.no_grad():
            real, fake = self._views(batch)
        return {
            f"{name}_discriminator": {
                "real": real_loss(self._logits(name, real)),
                "fake": fake_loss(self._logits(name, fake)),
            }
            for name in stage.discriminators
        }

    def stage_at(self, iteration: int) -> schedule.Stage:
        """Return the weights, and the discriminators that play, of the step after ``iteration`` steps."""
        present = VARIANTS[self.hparams.variant]
        weights, discriminators = schedule.stage_at(self.hparams.phases, iteration)
        return schedule.Stage(
            {name: weight if name in ("rec", *present) else 0.0 for name, weight in weights.items()},
            tuple(name for name in discriminators if name in present),
        )

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam with betas (0.5, 0.999) (section "Training Settings")."""
        rate = self.lr if player == "generator" else self.d_lr
        return torch.optim.Adam(self.get_submodule(player).parameters(), lr=rate, betas=(0.5, 0.999))

    def _paint(self, windows: Tensor, known: Tensor) -> Tensor:
        """Return the painted squares, (B, C, hole, hole) in [-1, 1]; what stands in the holes is not looked at."""
        if self.training and len(windows) < 2:
            raise UserError("data.batch_size=1: BatchNorm behind the 1 x 1 bottleneck needs at least 2 pictures")
        return self.generator(torch.where(known > 0.5, windows, 0)).float()  # zero of [-1, 1] ("Data Preprocessing")

    def _views(self, batch: Batch) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return what the discriminators look at, true and painted: {local: (B, C, hole, hole), global: windows}."""
        window = Window(batch.known, self.size, self.hole, wait=False)
        truth = window.cut(batch.image) * 2 - 1
        patch = self._paint(truth, window.cut(batch.known))
        whole = truth.clone()
        whole[..., window.hole, window.hole] = patch  # so the gradient of D_G flows through the hole alone
        return {"local": truth[..., window.hole, window.hole], "global": truth}, {"local": patch, "global": whole}

    def _logits(self, name: str, views: dict[str, Tensor]) -> Tensor:
        return self.get_submodule(f"{name}_discriminator")(views[name])
