"""Fill a picture tile by tile: memory follows the tile, not the picture."""

import math

import torch
from torch import Tensor

from inpaintlab.filling.painter import Painter


def fill_tiles(paint: Painter, image: Tensor, hole: Tensor, side: int) -> Tensor:
    """Let ``paint`` see square tiles that overlap by half, and blend its answers with sin^2 windows.

    image (1, C, H, W), hole (1, 1, H, W) bool; ``side`` in pixels, at least 2. Tiles without a hole are skipped, and
    those whose hole covers them wholly see more around them. The windows of all tiles add up to one at every pixel.
    Tiles are painted one by one, since convolutions round otherwise in batches of another size, and the sums are made
    in float64: the order of the tiles changes no result.
    """
    height, width = image.shape[-2:]
    high, wide = min(side, height), min(side, width)
    corners = [(y, x) for y in _positions(height, high) for x in _positions(width, wide)]
    corners = [(y, x) for y, x in corners if hole[..., y : y + high, x : x + wide].any()]
    total = torch.zeros_like(image, dtype=torch.float64)
    weight = torch.zeros_like(image[:, :1], dtype=torch.float64)
    for y, x in corners:
        rows, columns = slice(y, y + high), slice(x, x + wide)
        tile = paint(image[..., rows, columns], hole[..., rows, columns])[0].double()
        window = _window(rows, height, high, tile)[:, None] * _window(columns, width, wide, tile)
        total[0, :, rows, columns] += window * tile
        weight[0, :, rows, columns] += window
    return torch.where(hole, (total / weight.clamp(min=1e-12)).to(image.dtype), image)


def _positions(length: int, side: int) -> list[int]:
    """Return where tiles begin, evenly spread, each over at least half of the one before it."""
    count = math.ceil((length - side) / (side - side // 2))
    return [round(i * (length - side) / count) for i in range(count + 1)] if count else [0]


def _window(place: slice, length: int, side: int, like: Tensor) -> Tensor:
    """Return sin^2(pi/2 (i + 1/2) / overlap) towards a neighbour, 1 at the picture's edge: (side,)."""
    overlap = side // 2
    rising = torch.sin(math.pi / 2 * (torch.arange(overlap, device=like.device, dtype=like.dtype) + 0.5) / overlap) ** 2
    window = torch.ones(side, device=like.device, dtype=like.dtype)
    if place.start > 0:
        window[:overlap] = rising
    if place.stop < length:
        window[side - overlap :] *= rising.flip(0)
    return window
