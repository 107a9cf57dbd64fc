"""MADF: Image Inpainting by End-to-End Cascaded Refinement With Mask Awareness (Zhu et al., TIP 2021)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.madf import official
from inpaintlab.models.madf.decoders import Norm
from inpaintlab.models.madf.encoder import EncoderChannels, Encoding
from inpaintlab.models.madf.network import Init, MADFNet
from inpaintlab.models.perceptual import TERMS, PerceptualModule

Supervision = Literal["none", "same", "coarse_to_fine"]
StyleOn = Literal["last", "code"]
PIXELS = ("valid", "hole")


class MADF(PerceptualModule):
    """The network, its losses (eq. 2 to 8) and their spread over the decoders (section III-E).

    Args:
        levels, width, refinements, channels, encoder, enc_channels, mask_channels, norm, init: see ``MADFNet``.
        supervision: of out_0 ... out_(K-1): ``none``; ``same``, all terms; ``coarse_to_fine``, the pixel terms, and
            after out_0 the perceptual one too. The last picture has all terms.
        style_on: which picture the style term of ``coarse_to_fine`` looks at: ``last``, as in eq. 8, or ``code``, as
            the released code does from two refinement decoders on: the one before it (out_1 for K = 2).
        valid, hole, perceptual, style, tv: weights of the losses; a term of weight 0 is not computed.
        lr: of Adam, constant.
        iterations: optimiser steps.
        clip_norm: largest norm of the gradients; None = no clipping.
        vgg_weights: see ``losses.features.VggFeatures``; read only if a term needs it, when training starts.
        vgg_convention: which weights a local file holds.
    """

    def __init__(
        self,
        levels: int = 7,
        width: int = 16,
        refinements: int = 2,
        channels: int = 3,
        encoder: Encoding = "madf",
        enc_channels: EncoderChannels = "code",
        mask_channels: int = 16,
        norm: Norm = "pn",
        init: Init = "default",
        supervision: Supervision = "coarse_to_fine",
        style_on: StyleOn = "last",
        valid: float = 1.0,
        hole: float = 6.0,
        perceptual: float = 0.05,
        style: float = 120.0,
        tv: float = 0.1,
        lr: float = 2e-4,
        iterations: int = 300_000,
        clip_norm: float | None = None,
        vgg_weights: str | None = "IMAGENET1K_V1",
        vgg_convention: str | None = None,
    ) -> None:
        weights = {"valid": valid, "hole": hole, "perceptual": perceptual, "style": style, "tv": tv}
        super().__init__("imagenet", channels, weights, vgg_weights, vgg_convention)
        self.save_hyperparameters()
        if supervision not in get_args(Supervision):
            raise UserError(f"model.supervision: expected {' | '.join(get_args(Supervision))}, got {supervision!r}")
        if style_on not in get_args(StyleOn):
            raise UserError(f"model.style_on: expected {' | '.join(get_args(StyleOn))}, got {style_on!r}")
        if not (lr > 0 and iterations > 0):
            raise UserError(f"model: expected a positive lr and iterations, got lr={lr}, iterations={iterations}")
        self.network = MADFNet(levels, width, refinements, channels, encoder, enc_channels, mask_channels, norm, init)
        self.divisor = 2**levels
        self.set_clip_norm(clip_norm)
        self.iterations = iterations

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole by the last decoder; what stands in the hole of ``corrupted`` changes no bit of the result."""
        return self.stages(corrupted, known)[-1]

    def stages(self, corrupted: Tensor, known: Tensor) -> list[Tensor]:
        """Return every decoder's picture, out_0 ... out_K, (B, C, H, W) in [0, 1] each (Fig. 6)."""
        return [self.to_pixels(picture).clamp(0, 1) for picture in self._predict(corrupted, known)]

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 2 to 8 in float32; ``hole_1`` is the weighted loss of out_1, and so on."""
        pictures = self._predict(batch.corrupted, batch.known)
        truth = Batch(self.to_space(batch.image), batch.known)
        features = self.truth_features(batch.image)
        return {
            f"{name}_{k}": value
            for k, picture in enumerate(pictures)
            for name, value in self.weighted_terms(picture.float(), truth, features, self.terms_of(k)).items()
        }

    def terms_of(self, k: int) -> tuple[str, ...]:
        """Return the names of the terms that out_k is trained with, of those that have a weight."""
        last = self.hparams.refinements
        if k == last or self.hparams.supervision == "same":
            terms: tuple[str, ...] = TERMS
        elif self.hparams.supervision == "none":
            terms = ()
        else:
            terms = (*PIXELS, "perceptual") if k else PIXELS
        if self.hparams.style_on == "code" and self.hparams.supervision == "coarse_to_fine" and last >= 2:
            # loss.py counts the features from out_1 and the style term from out_2, so each is one picture too early.
            terms = tuple(name for name in terms if name != "style") + (("style",) if 1 <= k < last else ())
        return tuple(filter(self.has, terms))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with its default betas and no decay, at a constant rate (section IV-C)."""
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the released network's arguments, with as many refinements as the file has."""
        return official.arguments(contents)

    def load_official(self, contents: Mapping[str, Any]) -> list[str]:
        """Take the weights of the authors' released network; return the names of the entries that have no use here."""
        return official.load(self.network, contents)

    def _predict(self, corrupted: Tensor, known: Tensor) -> list[Tensor]:
        # The hole is 0 in the network's space. Not a product, which would let a NaN under the hole through.
        return self.network(torch.where(known > 0.5, self.to_space(corrupted), 0), known)
