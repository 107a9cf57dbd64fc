"""What the methods without training have in common."""

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule


class ClassicalModule(InpaintingModule):
    """A method that writes ``fill`` alone; training it is refused."""

    iterations = 0
    trained = True

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Fill pictures that have both a hole and known pixels; what is said about known pixels is ignored.

        seen (B, C, H, W) float32 or float64 in [0, 1], 0 in the hole; known (B, 1, H, W) bool -> (B, C, H, W).
        """
        raise NotImplementedError

    @torch.no_grad()
    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: (B, C, H, W), (B, 1, H, W) -> (B, C, H, W) in [0, 1].

        Known pixels stay bit by bit, values under the hole are not read, and where nothing is known all is mid-grey.
        """
        here = known > 0.5
        prediction = torch.full_like(corrupted, 0.5)
        answerable = here.flatten(1).any(1) & ~here.flatten(1).all(1)
        if answerable.any():
            seen = torch.where(here, corrupted, 0)[answerable]
            seen = seen.to(torch.promote_types(seen.dtype, torch.float32))
            prediction[answerable] = self.fill(seen, here[answerable]).to(prediction).clamp(0, 1)
        return torch.where(here, corrupted, prediction)

    def losses(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Refuse: there is nothing to learn."""
        raise UserError(f"{type(self).__name__} needs no training; use `inpaintlab evaluate model=...` or `predict`")

    def configure_optimizers(self) -> None:
        """No optimiser."""


def in_float64(tensor: Tensor) -> Tensor:
    """Return the tensor in float64 on its device, or on the CPU where the device has no such numbers (MPS)."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()
