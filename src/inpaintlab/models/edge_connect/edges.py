"""Where the edges of a picture come from: Canny exactly as scikit-image's, kornia's, or none."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.canny import blur, canny

Detection = Literal["canny", "kornia", "none"]


@dataclass(frozen=True)
class Detector:
    """Finds edges; see ``layers.canny.canny`` for the numbers."""

    kind: Detection
    sigma: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.kind not in get_args(Detection):
            raise UserError(f"model.detector: expected {' | '.join(get_args(Detection))}, got {self.kind!r}")
        if not (self.sigma > 0 and 0 <= self.low <= self.high):
            raise UserError(
                f"model: expected sigma > 0 and 0 <= low <= high, got sigma={self.sigma}, low={self.low}, "
                f"high={self.high}"
            )

    def __call__(self, grey: Tensor, known: Tensor | None = None) -> Tensor:
        """Find the edges of grey (B, 1, H, W) in [0, 1]: (B, 1, H, W), 0 or 1, in float32.

        With ``known`` (B, 1, H, W) the rest is not looked at and has none.
        """
        if self.kind == "none":
            return torch.zeros_like(grey, dtype=torch.float32)
        find = canny if self.kind == "canny" else kornia_canny
        return find(grey.float(), known, self.sigma, self.low, self.high)


@torch.no_grad()
def kornia_canny(grey: Tensor, known: Tensor | None, sigma: float, low: float, high: float) -> Tensor:
    """Kornia's Canny, whose gradient takes one of four directions; faster on a GPU, and not the same pixels.

    It has no map of what is valid: the hole is filled with the blur of what is known, and edges in it are dropped.
    """
    from kornia.filters import Canny  # a second to import, and only needed here

    with torch.autocast(grey.device.type, enabled=False):
        if known is not None:
            nearby = blur(torch.where(known > 0.5, grey, 0), sigma)
            share = blur(known.float(), sigma)
            grey = torch.where(known > 0.5, grey, nearby / share.clamp_min(torch.finfo(grey.dtype).eps))
        side = 2 * int(4 * sigma + 0.5) + 1
        _, edges = Canny(low, high, kernel_size=(side, side), sigma=(sigma, sigma))(grey)
        return edges if known is None else edges * known
