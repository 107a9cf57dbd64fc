"""The search for the latent vector whose picture agrees with the known pixels (section 3.2)."""

import hashlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from inpaintlab.basics.errors import UserError
from inpaintlab.models.dcgan.folding import frozen
from inpaintlab.models.dcgan.network import Discriminator, Generator

Prior = Literal["literal", "nonsaturating"]
Context = Literal["plain", "weighted"]


class Outcome(NamedTuple):
    """What the search found for each picture."""

    z: Tensor
    """(B, latent) in [-1, 1]."""
    picture: Tensor
    """G(z), (B, C, H, W) in [-1, 1]."""
    loss: Tensor
    """(B,), context + weight * perceptual, eq. 4."""


@dataclass(frozen=True, kw_only=True)
class LatentSearch:
    """Adam on z under eq. 4, with the networks frozen in evaluation mode.

    The pictures of a batch are searched for at once, yet each by itself: their losses are summed, Adam works element by
    element, BatchNorm uses its running statistics, and z starts from a draw keyed by the picture alone.
    """

    iterations: int = 1000
    lr: float = 0.01
    beta1: float = 0.9
    perceptual: float = 0.1
    """The paper's lambda; 0 leaves the discriminator out."""
    prior: Prior = "literal"
    """log(1 - D), eq. 3, or -log D, as in the public implementations."""
    context: Context = "plain"
    context_window: int = 7
    """Side of the window of the weighted context loss, pixels, odd."""
    restarts: int = 1
    """Searches from different starts; each picture keeps its best."""
    seed: int = 0
    progress: bool = True

    def __post_init__(self) -> None:
        if self.prior not in ("literal", "nonsaturating"):
            raise UserError(f"model.prior={self.prior}: expected literal | nonsaturating")
        if self.context not in ("plain", "weighted"):
            raise UserError(f"model.context={self.context}: expected plain | weighted")
        if self.context_window < 1 or self.context_window % 2 == 0:
            raise UserError(f"model.context_window={self.context_window}: expected an odd number of pixels")
        if self.iterations < 0 or self.restarts < 1:
            raise UserError(
                f"model.search_iterations={self.iterations}, model.restarts={self.restarts}: expected at least 0 and 1"
            )

    def __call__(self, generator: Generator, discriminator: Discriminator, pictures: Tensor, known: Tensor) -> Outcome:
        """Search for pictures (B, C, H, W) in [-1, 1] with known (B, 1, H, W); what stands in the hole is not read."""
        if torch.is_inference_mode_enabled():
            raise UserError(
                "latent search needs gradients: set trainer.inference_mode=false, or call under torch.no_grad()"
            )
        dtype = next(generator.parameters()).dtype
        known = known.to(dtype)
        target = torch.where(known > 0.5, pictures.to(dtype), 0)
        weight = known if self.context == "plain" else context_weights(known, self.context_window)
        generator, discriminator = frozen(generator), frozen(discriminator)
        # disable=None: no bar where nobody watches a terminal
        steps = tqdm(
            total=self.restarts * self.iterations, desc="search", leave=False, disable=None if self.progress else True
        )
        best: Outcome | None = None
        with steps, torch.autocast(pictures.device.type, enabled=False):
            for restart in range(self.restarts):
                z = starts(target, known, generator.project.in_features, self.seed, restart)
                outcome = self._descend(generator, discriminator, z, target, weight, steps)
                best = outcome if best is None else _better(best, outcome)
        return best

    def _descend(
        self, generator: Generator, discriminator: Discriminator, z: Tensor, target: Tensor, weight: Tensor, steps: tqdm
    ) -> Outcome:
        """Take all the steps from one start."""
        adam = torch.optim.Adam([z], lr=self.lr, betas=(self.beta1, 0.999))
        for _ in range(self.iterations):
            with torch.enable_grad():
                z.requires_grad_()
                loss = self.loss(discriminator, generator(z), target, weight)
                (z.grad,) = torch.autograd.grad(loss.sum(), z)
            adam.step()
            with torch.no_grad():
                z.clamp_(-1, 1)
            steps.update()
        with torch.no_grad():
            picture = generator(z)
            return Outcome(z.detach(), picture, self.loss(discriminator, picture, target, weight))

    def loss(self, discriminator: Discriminator, picture: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Eq. 4, ``L_contextual + lambda * L_perceptual`` of each picture: (B,)."""
        loss = context_loss(picture, target, weight)
        if self.perceptual:
            loss = loss + self.perceptual * perceptual_loss(discriminator(picture), self.prior)
        return loss


def context_loss(picture: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Eq. 2, ``|| W * (G(z) - y) ||_1``, summed over the pixels and channels of each picture: (B,)."""
    return (weight * (picture - target)).abs().sum((1, 2, 3))


def perceptual_loss(logit: Tensor, prior: Prior) -> Tensor:
    """Eq. 3, ``log(1 - D)``, or ``-log D``, of each logit (B,)."""
    return F.logsigmoid(-logit) if prior == "literal" else -F.logsigmoid(logit)


def context_weights(known: Tensor, window: int) -> Tensor:
    """Weigh a known pixel by the share of hole in the window around it; 0 in the hole: (B, 1, H, W).

    From the paper's later version (CVPR 2017). The picture is mirrored at its border, the border pixel included.
    """
    hole = 1 - known
    for side in (2, 3):
        reach = min(window // 2, hole.shape[side])
        first, last = hole.narrow(side, 0, reach), hole.narrow(side, hole.shape[side] - reach, reach)
        hole = torch.cat([first.flip(side), hole, last.flip(side)], side)
    return known * F.avg_pool2d(hole, window, stride=1)


def starts(target: Tensor, known: Tensor, latent: int, seed: int, restart: int) -> Tensor:
    """Draw z ~ U(-1, 1) for each picture: (B, latent).

    The key of a draw is (seed, restart, the mask, the known pixels in 8 bits): where a picture stands in a batch, and
    with which others, does not matter.
    """
    content = torch.cat([known, (target + 1) * 127.5 * known], 1).round().to(torch.uint8).cpu().numpy()
    draws = []
    for picture in content:
        digest = hashlib.blake2b(f"{seed},{restart},".encode() + picture.tobytes(), digest_size=8).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
        draws.append(torch.rand(latent, generator=generator) * 2 - 1)
    return torch.stack(draws).to(target)


def _better(one: Outcome, other: Outcome) -> Outcome:
    """Keep, for each picture, the one of lower loss."""
    wins = other.loss < one.loss
    return Outcome(*(torch.where(wins.view(-1, *[1] * (a.ndim - 1)), b, a) for a, b in zip(one, other, strict=True)))
