"""GAN losses; means over all logits or scores, in float32 also under mixed precision.

On logits, D = sigmoid(logit): ``real_loss``, ``fake_loss``, ``generator_loss``. On the scores of a critic: hinge and
Wasserstein losses; the generator of both pays ``wasserstein_real_loss`` for its own pictures.
"""

from collections.abc import Callable

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


def hinge_real_loss(scores: Tensor) -> Tensor:
    """Return ``E[max(0, 1 - D)]``: what the critic pays for real pictures."""
    return F.relu(1 - scores.float()).mean()


def hinge_fake_loss(scores: Tensor) -> Tensor:
    """Return ``E[max(0, 1 + D)]``: what the critic pays for generated pictures."""
    return F.relu(1 + scores.float()).mean()


def wasserstein_real_loss(scores: Tensor) -> Tensor:
    """Return ``-E[D]``: what the critic pays for real pictures, and a generator for its own."""
    return -scores.float().mean()


def wasserstein_fake_loss(scores: Tensor) -> Tensor:
    """Return ``E[D]``: what the critic pays for generated pictures."""
    return scores.float().mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mixing: Tensor, region: Tensor | float = 1.0
) -> Tensor:
    """Return ``E[(|grad D(x) * region|_2 - 1)^2]`` between real and generated pictures (WGAN-GP).

    Args:
        critic: pictures (B, C, H, W) -> scores, each of one picture alone.
        real, fake: pictures in float32 or float64; they are constants here.
        mixing: (B,) in [0, 1], the share of ``fake`` in each ``x``.
        region: (B, 1, H, W), 1 where the gradient counts: where ``fake`` may differ from ``real`` (Yu et al. 2018).

    Differentiable in the critic's parameters, also within ``torch.no_grad``. Where a gradient is 0, so is its norm's.
    """
    with torch.enable_grad():
        mixed = torch.lerp(real.detach(), fake.detach(), mixing[:, None, None, None]).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        norm = torch.linalg.vector_norm((gradient * region).flatten(1), dim=1)
        return (norm - 1).square().mean()
