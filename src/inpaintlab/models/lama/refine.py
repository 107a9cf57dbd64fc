"""Refinement at several sizes (Kulshreshtha et al. 2022): the small answer guides the large one.

A network that learnt 256 px loses the thread in a large hole of a large picture. So the picture is filled small first;
at each larger size the maps behind the encoder are changed by gradient descent, the weights stay, until the answer
agrees with the known pixels and, made smaller, with the answer before.
"""

import math

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.models.lama.ffc import Maps
from inpaintlab.models.lama.network import Generator
from inpaintlab.models.lama.symmetric import fill_any_size
from inpaintlab.models.padding import extend

BASE = 512
"""Pixels of the shorter side at which filling begins, about."""
LEVELS = 3
"""Sizes at most."""
MOST_PIXELS = 1_800_000
"""A larger picture is refined at this many pixels, and the answer enlarged; at the limit 24 GB were reported."""
ERODED = 15
"""Pixels, diameter of the ellipse by which the hole is made smaller before the two sizes are compared in it."""


def refine(network: Generator, corrupted: Tensor, known: Tensor, iterations: int = 15, lr: float = 0.002) -> Tensor:
    """Fill pictures one by one: corrupted (B, C, H, W), known (B, 1, H, W) -> prediction (B, C, H, W) in [0, 1].

    Pictures whose shorter side is below about 724 px are filled as usual, since there is nothing to begin smaller with.

    Args:
        network: in evaluation mode; its weights get no gradient.
        corrupted, known: of any size.
        iterations: predictions at each size after the first; between two of them Adam takes a step.
        lr: of Adam.
    """
    pairs = zip(corrupted.split(1), known.split(1), strict=True)
    return torch.cat([_refine_one(network, picture, own, iterations, lr) for picture, own in pairs])


def _refine_one(network: Generator, corrupted: Tensor, known: Tensor, iterations: int, lr: float) -> Tensor:
    size = tuple(corrupted.shape[-2:])
    if count_levels(*size) == 1 and math.prod(size) <= MOST_PIXELS:
        with torch.no_grad():
            return fill_any_size(network, corrupted, known)
    pictures = [(torch.where(known > 0.5, corrupted, 0), 1 - known)]
    if math.prod(size) > MOST_PIXELS:
        share = math.sqrt(MOST_PIXELS / math.prod(size))
        pictures = [_resize(*pictures[0], tuple(max(1, int(side * share)) for side in size))]
    for _ in range(count_levels(*pictures[0][0].shape[-2:]) - 1):
        picture, hole = pictures[-1]
        pictures.append((_down(picture), (_down(hole) >= 1e-8).to(hole.dtype)))
    with torch.no_grad():
        picture, hole = pictures.pop()
        height, width = picture.shape[-2:]
        prediction = network(*(extend(x, network.step) for x in (picture, 1 - hole)))[..., :height, :width].float()
    for picture, hole in reversed(pictures):
        prediction = _follow(network, picture, hole, prediction, iterations, lr)
    return prediction if prediction.shape[-2:] == size else F.interpolate(prediction, size, mode="bilinear")


def count_levels(height: int, width: int) -> int:
    """Return at how many sizes a picture is filled, each half of the next."""
    return min(1 + round(max(0.0, math.log2(min(height, width) / BASE))), LEVELS)


@torch.enable_grad()
def _follow(network: Generator, picture: Tensor, hole: Tensor, smaller: Tensor, iterations: int, lr: float) -> Tensor:
    """Fill one picture so that its answer follows the ``smaller`` one, of half its size."""
    height, width = picture.shape[-2:]
    padded = [extend(x, network.step) for x in (picture, 1 - hole)]
    with torch.no_grad():
        maps = [part.float() for part in network.encode(*padded) if part is not None]
    free = [part.requires_grad_() for part in maps]
    adam = torch.optim.Adam(free, lr=lr)
    known, inner = hole.expand_as(picture) == 0, _inner_half(hole).expand_as(smaller)
    for iteration in range(iterations):
        prediction = network.decode(Maps(*free))[..., :height, :width].float()
        if iteration == iterations - 1:
            break
        loss = (prediction - picture)[known].abs().mean() if known.any() else prediction.new_zeros(())
        if inner.any():
            loss = loss + (_down(prediction) - smaller)[inner].abs().mean()
        for part, gradient in zip(free, torch.autograd.grad(loss, free), strict=True):  # the weights get none
            part.grad = gradient
        adam.step()
    return prediction.detach()


def _inner_half(hole: Tensor) -> Tensor:
    """Return what of the hole is still hole at half the size and away from its edge: (1, 1, H // 2, W // 2) bool."""
    half = F.interpolate(hole, [side // 2 for side in hole.shape[-2:]], mode="bilinear")
    outside = (half < 1).to(hole.dtype)
    ellipse = torch.from_numpy(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (ERODED, ERODED))).to(hole)
    return F.conv2d(outside, ellipse[None, None], padding=ERODED // 2) < 0.5


def _down(x: Tensor) -> Tensor:
    """Halve (1, C, H, W): a Gaussian of 5 x 5 pixels and deviation 1, then bilinear."""
    bell = torch.exp(-torch.arange(-2.0, 3.0, device=x.device, dtype=x.dtype).square() / 2)
    kernel = torch.outer(bell, bell) / bell.sum().square()
    smooth = F.conv2d(F.pad(x, [2] * 4, mode="reflect").transpose(0, 1), kernel[None, None]).transpose(0, 1)
    return F.interpolate(smooth, [side // 2 for side in x.shape[-2:]], mode="bilinear")


def _resize(picture: Tensor, hole: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Make both smaller; what touches the hole belongs to it."""
    smaller = F.interpolate(picture, size, mode="bilinear", antialias=True)
    return smaller, (F.interpolate(hole, size, mode="bilinear", antialias=True) >= 1e-8).to(hole.dtype)
