"""GAN losses on logits, D = sigmoid(logit); means over all logits, in float32 also under mixed precision."""

import torch.nn.functional as F
from torch import Tensor


def real_loss(logits: Tensor) -> Tensor:
    """Return ``-E[log D]``: what the discriminator pays for real pictures."""
    return F.softplus(-logits.float()).mean()


def fake_loss(logits: Tensor) -> Tensor:
    """Return ``-E[log(1 - D)]``: what the discriminator pays for generated pictures."""
    return F.softplus(logits.float()).mean()


def generator_loss(logits: Tensor, *, saturating: bool = False) -> Tensor:
    """Return what the generator pays for its own pictures.

    ``-E[log D]``, or if ``saturating`` the ``E[log(1 - D)]`` of the minimax game, whose gradient vanishes where the
    discriminator is sure.
    """
    return -fake_loss(logits) if saturating else real_loss(logits)
