"""What the methods without training have in common."""

from torch import Tensor

from inpaintlab.batch import Batch
from inpaintlab.errors import UserError
from inpaintlab.models.base import InpaintingModule


class ClassicalModule(InpaintingModule):
    """A method that only has ``inpaint``; training it is refused."""

    iterations = 0

    def losses(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Refuse: there is nothing to learn."""
        raise UserError(f"{type(self).__name__} needs no training; use `inpaintlab evaluate model=...` or `predict`")

    def configure_optimizers(self) -> None:
        """No optimiser."""
