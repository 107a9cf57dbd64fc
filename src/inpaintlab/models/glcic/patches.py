"""Where the local discriminator looks: a square of fixed side that lies in the picture and holds the hole."""

import torch
from torch import Tensor


def around_hole(known: Tensor, side: int, draws: Tensor) -> Tensor:
    """Place a square around each hole: known (B, 1, H, W), draws (B, 2) in [0, 1) -> corners (B, 2), row and column.

    All places that hold the whole hole are equally likely. Of a hole that is larger than the square, all places within
    its bounding box are.
    """
    hole = known[:, 0] < 0.5
    corners = [_along(hole.any(other), side, draws[:, axis]) for axis, other in enumerate((2, 1))]
    return torch.stack(corners, 1)


def anywhere(known: Tensor, side: int, draws: Tensor) -> Tensor:
    """Place a square anywhere in each picture, all places equally likely: as ``around_hole``."""
    places = [length - side + 1 for length in known.shape[-2:]]
    return torch.stack([draws[:, axis] * count for axis, count in enumerate(places)], 1).long()


def cut(pictures: Tensor, corners: Tensor, side: int) -> Tensor:
    """Cut the squares out: (B, C, H, W), (B, 2) -> (B, C, side, side)."""
    steps = torch.arange(side, device=pictures.device)
    batch = torch.arange(len(pictures), device=pictures.device)
    rows, columns = corners[:, :1] + steps, corners[:, 1:] + steps
    return pictures[batch[:, None, None], :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1).contiguous()


def _along(marked: Tensor, side: int, draw: Tensor) -> Tensor:
    """Choose where the square begins along one axis, of which (B, N) says where the hole is."""
    length = marked.shape[1]
    places = torch.arange(length, device=marked.device)
    marked = marked | ~marked.any(1, keepdim=True)  # without a hole: anywhere
    first = torch.where(marked, places, length).amin(1)
    last = torch.where(marked, places, -1).amax(1)
    ends = torch.stack([last + 1 - side, first]).clamp(0, length - side)
    low, high = ends.amin(0), ends.amax(0)
    return low + (draw * (high - low + 1)).long()
