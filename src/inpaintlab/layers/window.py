"""Where the square hole is, and the square window around it that the network sees."""

import cv2
import numpy as np
import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError


def locate(known: Tensor, side: int, wait: bool = True) -> Tensor:
    """Find the one square hole of each picture: known (B, 1, H, W) -> (B, 2) its top row and left column.

    Anything but one filled square of ``side`` pixels raises ``UserError``, which says what was found; on a GPU it
    waits for the answer. With ``wait=False`` it does not: there such a hole, which the caller should have refused
    before, ends the process by a failed assertion.
    """
    hole = known[:, 0] < 0.5
    rows, columns = hole.any(2), hole.any(1)
    corner = torch.stack([rows.byte().argmax(1), columns.byte().argmax(1)], 1)  # the first of equal values
    spans = torch.stack([_span(rows), _span(columns)], 1)
    square = (spans == side).all(1) & (hole.sum((1, 2)) == side**2)
    if not wait and square.device.type != "cpu":
        torch._assert_async(square.all(), f"a hole is no square of {side} px")
    elif not square.all():
        index = int((~square).nonzero()[0])
        raise UserError(
            f"picture {index + 1} of the batch has {describe(hole[index].cpu().numpy())}; "
            f"this network fills one square hole of {side} x {side} px: use mask=center mask.side={side}"
        )
    return corner


def _span(marked: Tensor) -> Tensor:
    """Return the distance from the first to the last True of each row of (B, N), counting both; 0 if there is none."""
    places = torch.arange(marked.shape[1], device=marked.device)
    first = torch.where(marked, places, marked.shape[1]).amin(1)
    last = torch.where(marked, places, -1).amax(1)
    return (last - first + 1).clamp(min=0)


def describe(hole: np.ndarray) -> str:
    """Say what kind of hole (H, W) this is."""
    count, _, statistics, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)
    if count == 1:
        return "no hole"
    if count > 2:
        return f"{count - 1} separate holes"
    width, height = statistics[1, cv2.CC_STAT_WIDTH], statistics[1, cv2.CC_STAT_HEIGHT]
    if statistics[1, cv2.CC_STAT_AREA] < width * height:
        return f"an irregular hole of {statistics[1, cv2.CC_STAT_AREA]} px"
    return f"a hole of {height} x {width} px"


class Window:
    """Squares of ``size`` pixels with the hole of ``side`` pixels in the middle, one in each picture.

    Where a window sticks out of its picture, the picture's edge is repeated.

    Args:
        known: (B, 1, H, W), each with one square hole; see ``locate``.
        size: side of the window, pixels.
        side: side of the hole, pixels.
        wait: see ``locate``.
    """

    def __init__(self, known: Tensor, size: int, side: int, wait: bool = True) -> None:
        margin = (size - side) // 2
        self.hole = slice(margin, margin + side)
        offsets = torch.arange(-margin, size - margin, device=known.device)
        corner = locate(known, side, wait)
        self.rows = (corner[:, :1] + offsets).clamp(0, known.shape[2] - 1)
        self.columns = (corner[:, 1:] + offsets).clamp(0, known.shape[3] - 1)

    def cut(self, pictures: Tensor) -> Tensor:
        """Cut the windows out: (B, C, H, W) -> (B, C, size, size)."""
        return pictures[_index(self.rows, self.columns)].movedim(-1, 1).contiguous()

    def paste(self, pictures: Tensor, filling: Tensor) -> Tensor:
        """Return a copy of the pictures (B, C, H, W) with ``filling`` (B, C, side, side) in their holes."""
        pictures = pictures.clone()
        pictures[_index(self.rows[:, self.hole], self.columns[:, self.hole])] = filling.movedim(1, -1)
        return pictures


def _index(rows: Tensor, columns: Tensor) -> tuple[Tensor, slice, Tensor, Tensor]:
    """Index (B, C, H, W); because of the slice between the others, the channels of the result come last."""
    batch = torch.arange(len(rows), device=rows.device)
    return batch[:, None, None], slice(None), rows[:, :, None], columns[:, None, :]
