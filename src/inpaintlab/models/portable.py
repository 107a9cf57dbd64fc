"""What of a model an exported file computes: a graph of plain operators, from pictures and holes to pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from inpaintlab.models.padding import extend

if TYPE_CHECKING:
    from inpaintlab.models.base import InpaintingModule

Kind = Literal["picture", "hole", "vector"]


@dataclass(frozen=True)
class Slot:
    """One input: a picture (B, C, H, W) in [0, 1], a hole (B, 1, H, W), 1 in it, or a vector (B, length)."""

    kind: Kind
    size: int | None = None
    """Side of the picture in pixels, or length of the vector; None: pictures of any size."""


PAINTERS = ("network", "generator")
COMPLETION = {"picture": Slot("picture"), "hole": Slot("hole")}
"""The inputs of a file that fills holes."""


class Portable(nn.Module):
    """One function of a model, floats in and floats out, with the networks that it calls.

    Args:
        model: whose networks and buffers it holds. Not the module itself, which cannot be traced without a Trainer.
        compute: what the file does.
        slots: {name of an input: what it is}, in the order of ``compute``'s arguments.
        promise: what comes out, in words that stand in the file and its report.
    """

    def __init__(
        self, model: "InpaintingModule", compute: Callable[..., Tensor], slots: Mapping[str, Slot], promise: str
    ) -> None:
        super().__init__()
        parts = dict(model.named_children())
        # Papers call what paints by one of these names; critics and measures would only make the file larger.
        for name in [name for name in PAINTERS if name in parts] or [name for name in parts if name != "metrics"]:
            self.add_module(name, parts[name])
        for name, buffer in model.named_buffers(recurse=False):
            self.register_buffer(name, buffer)
        self.compute, self.slots, self.promise = compute, dict(slots), promise
        self.channels, self.blind = model.channels or 3, model.blind
        self.eval()

    def forward(self, *given: Tensor) -> Tensor:
        """Compute: pictures (B, C, H, W) in [0, 1], holes (B, 1, H, W), vectors (B, length) -> (B, C, H', W')."""
        return self.compute(*given)

    @property
    def fills(self) -> bool:
        """Whether it is a completion, which stands in for the model wherever holes are filled."""
        return self.slots == COMPLETION


def completion(model: "InpaintingModule", inpaint: Callable[[Tensor, Tensor], Tensor] | None = None) -> Portable:
    """Return the whole of ``inpainting``: padding to the divisor, the network, the known pixels put back, cut to size.

    ``inpaint``: in place of the model's own, where that holds what no file can.
    """
    predict = inpaint or model.inpaint

    def complete(picture: Tensor, hole: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        here = hole < 0.5
        known = here.to(picture.dtype)
        padded = (extend(x, model.divisor) for x in (picture * known, known))
        prediction = predict(*padded)[..., :height, :width].float()
        return prediction if model.blind else torch.where(here, picture, prediction)

    blind = "the whole picture restored; it is blind and does not look at the hole"
    return Portable(model, complete, COMPLETION, blind if model.blind else "the picture with its hole filled")
