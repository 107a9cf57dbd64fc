"""The least an inpainting method must beat."""

import torch
from torch import Tensor

from inpaintlab.models.classical.base import ClassicalModule


class MeanColor(ClassicalModule):
    """Fill the hole with the mean colour of the known pixels of the same picture (mid-grey where none is known)."""

    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters()

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: (B, C, H, W), (B, 1, H, W) -> (B, C, H, W) in [0, 1]; known pixels unchanged."""
        count = known.sum((2, 3), keepdim=True)
        mean = (corrupted * known).sum((2, 3), keepdim=True) / count.clamp(min=1)
        mean = torch.where(count > 0, mean, 0.5)
        return torch.where(known > 0, corrupted, mean)
