"""What PConv and MADF share: a network on normalised pictures, and the loss of PConv's eq. 7."""

from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.losses.features import VggFeatures, check_choice
from inpaintlab.losses.perceptual import perceptual, style
from inpaintlab.losses.reconstruction import hole_l1, total_variation, valid_l1
from inpaintlab.models.base import InpaintingModule

TERMS = ("valid", "hole", "perceptual", "style", "tv")
Space = Literal["imagenet", "symmetric"]
SPACES = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""(mean, std) of the pixel space in which the network works and the pixel losses are measured."""


class PerceptualModule(InpaintingModule):
    """Keeps the pixel space, the weights of the terms and the frozen VGG-16 of a paper.

    Args:
        space: ``imagenet``, normalised by ImageNet's mean and deviation, or ``symmetric``, [-1, 1].
        channels: 3 (colour) or 1 (grey).
        weights: of ``TERMS``; one of weight 0, or that a paper does not name, is not computed.
        vgg_weights: see ``losses.features.VggFeatures``; read only if a term needs it, when training starts.
        vgg_convention: which weights a local file holds.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        space: Space,
        channels: int,
        weights: dict[str, float],
        vgg_weights: str | None,
        vgg_convention: str | None,
    ) -> None:
        super().__init__()
        if space not in SPACES:
            raise UserError(f"model.space: expected {' | '.join(SPACES)}, got {space!r}")
        if not any(weights.values()):
            raise UserError(f"model: every loss has weight 0; give one of model.{', model.'.join(weights)} a weight")
        self.weights = weights
        self.needs_vgg = any(self.has(term) for term in ("perceptual", "style"))
        if self.needs_vgg:
            check_choice(vgg_weights, vgg_convention)
        mean, std = (torch.tensor(values) for values in SPACES[space])
        if channels == 1:
            mean, std = mean.mean(0, keepdim=True), std.mean(0, keepdim=True)
        self.register_buffer("mean", mean[:, None, None], persistent=False)
        self.register_buffer("std", std[:, None, None], persistent=False)
        self._vgg: VggFeatures | None = None

    def has(self, term: str) -> bool:
        """Tell whether a term is computed: the paper has it, and with a weight."""
        return bool(self.weights.get(term))

    def weighted_terms(
        self, picture: Tensor, truth: Batch, features: list[Tensor] | None, names: tuple[str, ...] = TERMS
    ) -> dict[str, Tensor]:
        """Compute PConv's eq. 2 to 6 for one output, (B, C, H, W) in the network's space, weighted as in eq. 7.

        ``truth`` is in that space too; ``features`` are the truth's (``truth_features``). Those of ``names`` that have
        a weight are computed: the pixel terms in this space, the VGG terms on unclamped pictures in [0, 1].
        """
        names = tuple(filter(self.has, names))
        completed = composite(picture, truth)
        terms = {}
        if "valid" in names:
            terms["valid"] = valid_l1(picture, truth.image, truth.known)
        if "hole" in names:
            terms["hole"] = hole_l1(picture, truth.image, truth.known)
        if "tv" in names:
            terms["tv"] = total_variation(completed, truth.known)
        if "perceptual" in names or "style" in names:
            assert features is not None, "the truth's features are needed"
            raw, whole = (self._features(self.to_pixels(pixels)) for pixels in (picture, completed))
            if "perceptual" in names:
                terms["perceptual"] = perceptual(raw, features) + perceptual(whole, features)
            if "style" in names:
                terms["style"] = style(raw, features) + style(whole, features)
        return {name: self.weights[name] * value for name, value in terms.items()}

    def truth_features(self, image: Tensor) -> list[Tensor] | None:
        """Return the VGG features of the truth (B, C, H, W) in [0, 1], without gradient; None if no term needs them."""
        if not self.needs_vgg:
            return None
        with torch.no_grad():
            return self.vgg()(image)

    def _features(self, pixels: Tensor) -> list[Tensor]:
        """Return an output's features; with ``recompute`` their inner layers are computed again for the gradient."""
        return checkpoint(self.vgg(), pixels, use_reentrant=False) if self.recompute else self.vgg()(pixels)

    def vgg(self) -> VggFeatures:
        """Return the frozen features; read once. Only training needs them, so a checkpoint predicts without."""
        if self._vgg is None:
            self._vgg = VggFeatures(self.hparams["vgg_weights"], self.hparams["vgg_convention"])
        return self._vgg

    def setup(self, stage: str) -> None:
        """Read the VGG weights before training starts, so that missing ones are reported at once."""
        if stage == "fit" and self.needs_vgg:
            self.vgg()

    def to_space(self, pictures: Tensor) -> Tensor:
        """Normalise pictures in [0, 1]."""
        return (pictures - self.mean) / self.std

    def to_pixels(self, pictures: Tensor) -> Tensor:
        """Undo ``to_space``; unclamped."""
        return pictures * self.std + self.mean
