"""The square around the hole that v1's local critic and its pixel loss look at."""

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError


class Box:
    """Squares of ``side`` pixels, one in each picture, with the hole in the middle as far as the border lets them.

    Args:
        known: (B, 1, H, W); a hole that does not fit raises ``UserError``.
        side: pixels.
        wait: on a GPU it waits for the answer whether all holes fit. Without, such a hole, which the caller should have
            refused before, ends the process by a failed assertion there.
    """

    def __init__(self, known: Tensor, side: int, wait: bool = True) -> None:
        hole = known[:, 0] < 0.5
        spans = [_span(hole.any(2)), _span(hole.any(1))]
        longest = torch.stack([length.max() for _, length in spans])
        if not wait and known.device.type != "cpu":
            torch._assert_async((longest <= side).all(), f"a hole does not fit a box of {side} px")
        elif side > min(hole.shape[1:]) or (longest > side).any():
            tall, wide = longest.tolist()
            raise UserError(
                f"the largest hole of the batch spans {tall}x{wide} px of {hole.shape[1]}x{hole.shape[2]}; "
                f"this model trains on holes within a box of {side} px: use mask=box, or another model.box; "
                "free-form holes are model=deepfill_v2's"
            )
        self.rows, self.columns = (
            _places(first, length, side, limit) for (first, length), limit in zip(spans, hole.shape[1:], strict=True)
        )

    def cut(self, pictures: Tensor) -> Tensor:
        """Cut the squares out: (B, C, H, W) -> (B, C, side, side)."""
        batch = torch.arange(len(pictures), device=pictures.device)[:, None, None]
        # Because of the slice between the others, the channels of the result come last.
        return pictures[batch, :, self.rows[:, :, None], self.columns[:, None, :]].movedim(-1, 1)


def _span(marked: Tensor) -> tuple[Tensor, Tensor]:
    """Return the place of the first True of each row of (B, N), and the distance from it to the last, counting both."""
    places = torch.arange(marked.shape[1], device=marked.device)
    last = torch.where(marked, places, -1).amax(1)
    first = torch.where(marked, places, marked.shape[1]).amin(1)
    return first, (last - first + 1).clamp(min=0)


def _places(first: Tensor, length: Tensor, side: int, limit: int) -> Tensor:
    """Return the rows or columns of each square: (B, side)."""
    start = (first - (side - length) // 2).clamp(0, limit - side)
    return start[:, None] + torch.arange(side, device=first.device)
