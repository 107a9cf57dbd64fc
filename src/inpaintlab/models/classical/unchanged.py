"""The corrupted picture itself: what a restoration is measured from."""

from torch import Tensor

from inpaintlab.models.classical.base import ClassicalModule


class Unchanged(ClassicalModule):
    """Leave the hole as it is given, black."""

    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters()

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:  # noqa: ARG002
        """Return ``corrupted``, (B, C, H, W)."""
        return corrupted
