"""GAN losses on logits, D = sigmoid(logit); means over all logits, in float32 also under mixed precision."""

import torch
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


def patch_fake_loss(logits: Tensor, known: Tensor) -> Tensor:
    """Return what a patch discriminator pays for generated pictures whose known patches count as real.

    ``E[-m log(1 - D) - (1 - m) log D]`` with logits (B, 1, h, w), and m the hole of known (B, 1, H, W), taken to the
    grid of the logits by its nearest pixels (Suvorov et al. 2022).
    """
    logits = logits.float()
    hole = F.interpolate(1 - known.float(), logits.shape[-2:], mode="nearest")
    return (hole * F.softplus(logits) + (1 - hole) * F.softplus(-logits)).mean()


def r1_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Return R1, the mean over the batch of ``||grad_x sum D(x)||^2``, in a graph that can be differentiated again.

    ``logits`` (B, ...) come from ``pictures`` (B, C, H, W), which require a gradient; the logits of a picture are
    summed, the squares of its gradient too (Mescheder et al. 2018, without their factor 1/2).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
