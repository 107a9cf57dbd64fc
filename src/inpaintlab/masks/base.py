"""The contract of a mask maker, and the guarantee of its hole ratio and border rule."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.rule import Border, Rule, Size

__all__ = ["Border", "MaskMaker", "RuledMaker", "Size", "to_known"]


class MaskMaker(ABC):
    """A pure function of (size, generator): the same two give the same mask, on every machine, worker and rank."""

    @abstractmethod
    def __call__(self, size: Size, generator: Generator) -> Tensor:
        """Draw one mask: known (1, H, W) float32, exactly 1 = known, 0 = hole, within the ratio and border rule."""

    def for_split(self, split: str) -> "MaskMaker":  # noqa: ARG002 - most makers serve all splits alike
        """Return the maker for ``train``, ``val`` or ``test``; a maker with separate training masks overrides this."""
        return self

    def for_picture(self, index: int, name: str, size: Size, generator: Generator) -> Tensor:  # noqa: ARG002
        """Draw the mask of one picture; only a maker that pairs masks with pictures looks at index and name."""
        return self(size, generator)


class Numbered(MaskMaker):
    """Another maker's masks for pictures that are counted otherwise: ``numbers`` is {place of a picture: number}."""

    def __init__(self, maker: MaskMaker, numbers: Mapping[int, int]) -> None:
        self.maker, self.numbers = maker, numbers

    def __call__(self, size: Size, generator: Generator) -> Tensor:
        """Draw as the other does."""
        return self.maker(size, generator)

    def for_picture(self, index: int, name: str, size: Size, generator: Generator) -> Tensor:
        """Draw the mask of the picture's number."""
        return self.maker.for_picture(self.numbers[index], name, size, generator)


class RuledMaker(MaskMaker):
    """A maker whose every mask is checked against its rule here, and drawn again until it holds.

    A subclass writes ``draw``. It aims into ``self.rule`` where it can, so that drawing again stays rare.
    """

    attempts = 1000
    """Draws before giving up; 1 for a maker that has no choice."""

    def __init__(
        self, *, ratio: Sequence[float] | None = None, border: Border = "any", border_distance: int | None = None
    ) -> None:
        self.rule = Rule(None if ratio is None else tuple(ratio), border, border_distance)

    @abstractmethod
    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw one hole map: (H, W) bool or uint8, non-zero = hole."""

    def under(self, rule: Rule) -> "RuledMaker":
        """Return a copy of this maker that follows another rule."""
        ruled = copy.copy(self)
        ruled.rule = rule
        return ruled

    def __call__(self, size: Size, generator: Generator) -> Tensor:
        """Draw one mask that satisfies the rule: known (1, H, W); ``UserError`` if none is found."""
        return to_known(self.draw_ruled(size, numpy_generator(generator)))

    def draw_ruled(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw hole maps (H, W) until one satisfies the rule."""
        name = type(self).__name__
        self.rule.check_size(size, name)
        for _ in range(self.attempts):
            hole = self.draw(size, rng)
            if self.rule.holds(hole):
                return hole
        raise UserError(
            f"mask {name}: found no mask of {size[0]}x{size[1]} px with {self.rule.describe(size)} in {self.attempts} "
            f"attempt(s), the last had a share of {np.count_nonzero(hole) / hole.size:.4g}; change ratio or border"
        )


def numpy_generator(generator: Generator) -> np.random.Generator:
    """Take one number from ``generator`` as the seed of a NumPy generator, which draws small numbers far faster."""
    return np.random.default_rng(torch.randint(2**63 - 1, (), generator=generator).item())


def to_known(hole: np.ndarray) -> Tensor:
    """Turn a hole map (H, W), non-zero = hole, into known (1, H, W) float32."""
    return torch.from_numpy(np.logical_not(hole).astype(np.float32)).unsqueeze(0)
