"""What flows through the house: pictures and the map of what is known of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError


class Batch(NamedTuple):
    """Pictures and their known pixels.

    A NamedTuple, because both ``default_collate`` and Lightning's device transfer keep its type.
    """

    image: Tensor
    """(B, C, H, W) float in [0, 1], the truth; C is 3 or 1."""
    known: Tensor
    """(B, 1, H, W) float, exactly 1 where the pixel is known and 0 in the hole (the papers' M)."""

    @property
    def corrupted(self) -> Tensor:
        """The picture a model may see: (B, C, H, W), 0 in the hole."""
        return self.image * self.known

    @property
    def hole(self) -> Tensor:
        """(B, 1, H, W), exactly 1 in the hole."""
        return 1 - self.known


class EdgeBatch(NamedTuple):
    """A training batch whose loader found the edges too (``data.edges``)."""

    image: Tensor
    """As in ``Batch``."""
    known: Tensor
    """As in ``Batch``."""
    edges: Tensor
    """(B, 1, H, W) float, exactly 1 on an edge of the truth and 0 elsewhere."""

    @property
    def corrupted(self) -> Tensor:
        """As of ``Batch``."""
        return self.image * self.known

    @property
    def hole(self) -> Tensor:
        """As of ``Batch``."""
        return 1 - self.known


def composite(prediction: Tensor, batch: Batch) -> Tensor:
    """Put the known pixels back, bit by bit: ``M * I_gt + (1 - M) * I_out``, (B, C, H, W)."""
    # torch.where, not arithmetic: a NaN or an infinity under the known pixels must not leak through 0 * NaN.
    return torch.where(batch.known > 0.5, batch.image, prediction.to(batch.image.dtype))


def check(batch: Batch) -> Batch:
    """Check shapes, range and the two values of ``known`` at the door; every room behind it trusts them.

    Takes one sample, (C, H, W) and (1, H, W), or a batch of them; returns it unchanged, or raises ``UserError``.
    """
    image, known = batch
    if image.ndim not in (3, 4) or image.shape[-3] not in (1, 3):
        raise UserError(f"image: expected ([B,] 1 or 3, H, W), got {tuple(image.shape)}")
    if known.shape != (*image.shape[:-3], 1, *image.shape[-2:]):
        raise UserError(f"known: expected 1 channel of the image's size {tuple(image.shape)}, got {tuple(known.shape)}")
    if not (image.is_floating_point() and known.is_floating_point()):
        raise UserError(f"expected float tensors, got image {image.dtype} and known {known.dtype}")
    low, high = image.aminmax()
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        raise UserError(f"image: expected values in [0, 1], got [{low:.4g}, {high:.4g}]")
    if not ((known == 0) | (known == 1)).all():
        grey = known[(known != 0) & (known != 1)][0].item()
        raise UserError(f"known: expected exactly 0 (hole) or 1 (known), got {grey:.4g}; threshold the mask first")
    return batch
