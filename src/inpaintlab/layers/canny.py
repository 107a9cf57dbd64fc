"""Canny's edges of a batch, on any device: the algorithm of scikit-image, whose decisions it repeats pixel by pixel."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.2125, 0.7154, 0.0721)
"""Red, green and blue in scikit-image's grey; kornia and data.channels=1 have 0.299, 0.587, 0.114."""


def luminance(pictures: Tensor) -> Tensor:
    """Return the grey of pictures (..., C, H, W) as (..., 1, H, W); one that is grey already stays as it is."""
    if pictures.shape[-3] == 1:
        return pictures
    weights = pictures.new_tensor(LUMA)[:, None, None]
    return (pictures * weights).sum(-3, keepdim=True)


@torch.no_grad()
def canny(grey: Tensor, known: Tensor | None = None, sigma: float = 2.0, low: float = 0.1, high: float = 0.2) -> Tensor:
    """Find the edges of grey (B, 1, H, W) in [0, 1]: (B, 1, H, W), exactly 0 or 1, of grey's type.

    Args:
        grey: what stands where ``known`` is 0 changes no bit of the result.
        known: (B, 1, H, W), 1 where the picture is valid; None = everywhere. A pixel beside an invalid one, or on the
            picture's border, is never an edge.
        sigma: deviation of the blur, pixels.
        low, high: thresholds of the gradient by Sobel's unnormalised kernels: an edge reaches ``low`` everywhere, and
            ``high`` somewhere.
    """
    with torch.autocast(grey.device.type, enabled=False):
        # In float64 as scikit-image, since edges are decisions between nearly equal numbers. Apple's GPUs have none.
        pixels = grey.to(torch.float32 if grey.device.type == "mps" else torch.float64)
        valid = torch.ones_like(pixels) if known is None else known.to(pixels)
        smooth = blur(torch.where(valid > 0.5, pixels, 0), sigma)
        smooth = smooth / (blur(valid, sigma) + torch.finfo(pixels.dtype).eps)
        down, across = _sobel(smooth)
        magnitude = (down.square() + across.square()).sqrt()
        inner = -F.max_pool2d(F.pad(-valid, [1] * 4), 3, stride=1) > 0.5  # eroded by a pixel; outside is invalid
        weak = inner & (magnitude >= low) & _is_ridge(magnitude, down, across)
        return _hysteresis(weak, weak & (magnitude >= high)).to(grey.dtype)


def blur(pictures: Tensor, sigma: float) -> Tensor:
    """Blur (B, 1, H, W) by a Gaussian that ends at ``floor(4 sigma + 0.5)`` pixels; beyond the border is zero."""
    radius = math.floor(4 * sigma + 0.5)
    places = torch.arange(-radius, radius + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-places.square() / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    for dim in (-2, -1):  # the sum written out: a convolution of one channel in float64 takes several times as long
        length = pictures.shape[dim]
        padded = F.pad(pictures, (0, 0, radius, radius) if dim == -2 else (radius, radius))
        pictures = kernel[radius] * pictures
        for step in range(1, radius + 1):
            both = padded.narrow(dim, radius - step, length) + padded.narrow(dim, radius + step, length)
            pictures = pictures + kernel[radius + step] * both
    return pictures


def _sobel(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return the derivatives along rows' and columns' numbers, unnormalised; the border is repeated."""
    padded = F.pad(pictures, [1] * 4, mode="replicate")
    difference, smooth = pictures.new_tensor([-1.0, 0.0, 1.0]), pictures.new_tensor([1.0, 2.0, 1.0])
    down = F.conv2d(padded, torch.outer(difference, smooth)[None, None])
    across = F.conv2d(padded, torch.outer(smooth, difference)[None, None])
    return down, across


def _is_ridge(magnitude: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Tell where the magnitude is no less than one step forward and one step back along the gradient.

    A step ends between two pixels, the straight and the diagonal neighbour, and the magnitude there is interpolated.
    """
    height, width = magnitude.shape[-2:]
    padded = F.pad(magnitude, [1] * 4)

    def at(row: int, column: int) -> Tensor:
        return padded[..., 1 + row : 1 + row + height, 1 + column : 1 + column + width]

    steep = down.abs() > across.abs()
    minor = torch.where(steep, across.abs(), down.abs())
    share = minor / torch.where(steep, down.abs(), across.abs()).clamp_min(torch.finfo(magnitude.dtype).tiny)
    falling = down * across < 0  # the gradient goes up as it goes right
    ridge = torch.ones_like(steep)
    for way in (1, -1):
        straight = torch.where(steep, at(way, 0), at(0, way))
        # With falling, the diagonal neighbour is the other one of those beside the straight neighbour.
        diagonal = torch.where(falling, torch.where(steep, at(way, -way), at(-way, way)), at(way, way))
        ridge &= diagonal * share + straight * (1 - share) <= magnitude
    return ridge


def _hysteresis(weak: Tensor, strong: Tensor) -> Tensor:
    """Keep the 8-connected components of ``weak`` that hold a pixel of ``strong``; both (B, 1, H, W) of truth values.

    The pixels of ``weak`` are numbered, and each points at one of its component: at first at itself, then at the
    largest number that a neighbour points at, and on to what that one points at, which doubles the way in each round.
    """
    height, width = weak.shape[-2:]
    places = weak.flatten().nonzero()[:, 0]
    own = torch.arange(len(places), device=weak.device)
    numbers = torch.full_like(weak, -1, dtype=torch.long).flatten().index_copy_(0, places, own).view_as(weak)
    padded = F.pad(numbers, [1] * 4, value=-1)
    neighbours = torch.stack(
        [padded[..., row : row + height, column : column + width].flatten()[places]
         for row in range(3) for column in range(3)]
    )  # fmt: skip
    neighbours = torch.where(neighbours < 0, own, neighbours)
    pointer = own
    while True:
        nearby = pointer[neighbours].amax(0)
        onward = pointer.scatter_reduce(0, pointer, nearby, "amax").maximum(nearby)  # who is pointed at learns too
        onward = onward[onward]
        if torch.equal(onward, pointer):
            break
        pointer = onward
    reached = torch.zeros_like(own, dtype=torch.bool).index_fill_(0, pointer[strong.flatten()[places]], True)
    return torch.zeros_like(weak).flatten().index_copy_(0, places, reached[pointer]).view_as(weak)
