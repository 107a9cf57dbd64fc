"""The least an inpainting method must beat."""

from torch import Tensor

from inpaintlab.models.classical.base import ClassicalModule


class MeanColor(ClassicalModule):
    """Fill the hole with the mean colour of the known pixels of the same picture (mid-grey where none is known)."""

    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters()

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Give every pixel the mean, see the base."""
        return (seen.sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)).expand_as(seen)
