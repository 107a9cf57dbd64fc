"""The three games that EdgeConnect's critics may play; means over all logits, in float32 also under mixed precision."""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss


class Game(NamedTuple):
    """Three functions of logits, each to be minimised."""

    real: Callable[[Tensor], Tensor]
    """Of the critic, for true pictures."""
    fake: Callable[[Tensor], Tensor]
    """Of the critic, for generated ones."""
    generator: Callable[[Tensor], Tensor]


def _squares(target: float) -> Callable[[Tensor], Tensor]:
    """Distance of ``sigmoid(logit)``, not of the logit, as in the authors' code."""
    return lambda logits: (logits.float().sigmoid() - target).square().mean()


GAMES = {
    "nsgan": Game(real_loss, fake_loss, generator_loss),
    "lsgan": Game(_squares(1.0), _squares(0.0), _squares(1.0)),
    "hinge": Game(
        lambda logits: F.relu(1 - logits.float()).mean(),
        lambda logits: F.relu(1 + logits.float()).mean(),
        lambda logits: -logits.float().mean(),
    ),
}
"""By the name that ``model.gan`` has."""
