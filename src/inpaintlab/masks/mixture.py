"""A weighted choice among mask makers."""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, MaskMaker, RuledMaker, Size
from inpaintlab.masks.rule import Rule


class Mixture(MaskMaker):
    """Each mask comes from one of several makers, chosen at random by weight."""

    def __init__(
        self,
        *,
        makers: Mapping[str, RuledMaker],
        weights: Mapping[str, float],
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take makers and weights by name; a ratio or border given here replaces that of every maker."""
        if not makers or set(makers) != set(weights):
            raise UserError(f"weights: expected one for each of the makers {sorted(makers)}, got {sorted(weights)}")
        if min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise UserError(f"weights={dict(weights)}: expected none below 0, and one above")
        if ratio is not None or border != "any" or border_distance is not None:
            rule = Rule(None if ratio is None else tuple(ratio), border, border_distance)
            makers = {name: maker.under(rule) for name, maker in makers.items()}
        self.makers = dict(makers)
        self.weights = torch.tensor([weights[name] for name in makers], dtype=torch.float64)

    def for_split(self, split: str) -> "Mixture":
        """Return the mixture of the makers for that split."""
        mixture = copy.copy(self)
        mixture.makers = {name: maker.for_split(split) for name, maker in self.makers.items()}
        return mixture

    def choose(self, generator: Generator) -> MaskMaker:
        """Choose a maker by weight."""
        return list(self.makers.values())[torch.multinomial(self.weights, 1, generator=generator).item()]

    def __call__(self, size: Size, generator: Generator) -> Tensor:
        """Draw one mask from one of the makers: known (1, H, W)."""
        return self.choose(generator)(size, generator)

    def for_picture(self, index: int, name: str, size: Size, generator: Generator) -> Tensor:
        """Draw the mask of one picture from one of the makers, which may pair masks with pictures."""
        return self.choose(generator).for_picture(index, name, size, generator)
