"""Edges of a training picture, found by the loader's workers: scikit-image's Canny."""

from dataclasses import dataclass

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.canny import luminance


@dataclass(frozen=True)
class CannyEdges:
    """Finds the edges of one picture; the same pixels as ``layers.canny``, off the device.

    Args:
        sigma: deviation of the blur, pixels.
        low, high: thresholds of the gradient.
    """

    sigma: float = 2.0
    low: float = 0.1
    high: float = 0.2

    def __post_init__(self) -> None:
        if not (self.sigma > 0 and 0 <= self.low <= self.high):
            raise UserError(
                f"data.edges: expected sigma > 0 and 0 <= low <= high, got sigma={self.sigma}, low={self.low}, "
                f"high={self.high}"
            )

    def __call__(self, image: Tensor) -> Tensor:
        """Map a picture (C, H, W) in [0, 1] to its edges (1, H, W), 0 or 1."""
        from skimage.feature import canny  # half a second to import, and only needed here

        grey = luminance(image)[0].double().numpy()
        edges = canny(grey, self.sigma, self.low, self.high)
        return torch.from_numpy(edges).float()[None]
