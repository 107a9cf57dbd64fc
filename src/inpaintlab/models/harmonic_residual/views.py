"""The eight ways to turn and mirror a picture, whose fills are averaged (Timofte et al. 2016, Lim et al. 2017)."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError

Views = Literal[1, 2, 8]


@dataclass(frozen=True)
class View:
    """Mirror left and right, then turn by ``quarters`` of a circle."""

    mirrored: bool
    quarters: int

    def turn(self, x: Tensor) -> Tensor:
        """(..., H, W) -> the picture so turned."""
        return torch.rot90(x.flip(-1) if self.mirrored else x, self.quarters, (-2, -1))

    def turn_back(self, x: Tensor) -> Tensor:
        """Undo ``turn``."""
        x = torch.rot90(x, -self.quarters, (-2, -1))
        return x.flip(-1) if self.mirrored else x


def views_of(count: Views) -> list[View]:
    """Return the first ``count`` views: upright, mirrored, and both of them turned."""
    if count not in get_args(Views):
        raise UserError(f"model.views={count}: expected one of {', '.join(map(str, get_args(Views)))}")
    return [View(mirrored, quarters) for quarters in range(max(1, count // 2)) for mirrored in (False, True)][:count]
