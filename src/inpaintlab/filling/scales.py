"""Fill holes that are wider than those a model was trained on: the deep inside comes from a reduced picture.

Near the known pixels the answer at full size is the better one, deep inside that at the scale of training; the two are
mixed by the distance to the nearest known pixel, again and again where the hole is wider than two scales can bridge.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inpaintlab.filling.crops import Box, tight_box
from inpaintlab.filling.holes import distance_to_known
from inpaintlab.filling.painter import Painter
from inpaintlab.models.padding import extend

SEAM = 8.0
"""Distance to the nearest known pixel, in pixels, at which both scales weigh the same."""


def fill_scales(paint: Painter, image: Tensor, hole: Tensor, scales: int, near: int) -> Tensor:
    """Complete (1, C, H, W) at ``scales`` sizes, each half the one before, from the smallest to the full one.

    Only the smallest is painted with all that is around the hole, the others with ``near`` pixels.
    """
    if scales == 1:
        return paint(image, hole)
    small, small_hole = reduce(image, hole)
    if small_hole.all():  # so small a picture that nothing known is left of it
        return paint(image, hole)
    small = fill_scales(paint, small, small_hole, scales - 1, near)
    box = tight_box(hole[0, 0].cpu().numpy()).grown(near, Box(0, 0, *image.shape[-2:]))
    top, left = box.top // 2, box.left // 2  # of whole pixels of the smaller size
    rows, columns = (box := box._replace(top=2 * top, left=2 * left)).place
    deep = small[..., top : -(-box.bottom // 2), left : -(-box.right // 2)]
    deep = F.interpolate(deep, scale_factor=2.0, mode="bilinear")[..., : box.height, : box.width]
    there = hole[..., rows, columns]
    sharp = paint(image[..., rows, columns], there)
    mixed = sharp + share_of_deep(there) * (deep - sharp)
    completed = image.clone()
    completed[..., rows, columns] = torch.where(there, mixed, sharp)
    return completed


def reduce(image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
    """Halve picture and hole: the mean over known pixels only; what is known by half or less is hole."""
    known = extend((~hole).to(image.dtype), 2)
    share = F.avg_pool2d(known, 2)
    mean = F.avg_pool2d(extend(image, 2) * known, 2) / share.clamp(min=0.25)
    return mean, share <= 0.5


def share_of_deep(hole: Tensor) -> Tensor:
    """Return the weight of the reduced answer, 1/2 - 1/2 cos(pi clamp((d - D/2) / D, 0, 1)): (1, 1, H, W)."""
    distance = distance_to_known(hole[0, 0].cpu().numpy())
    ramp = np.clip((distance - SEAM / 2) / SEAM, 0, 1)
    weight = (1 - np.cos(math.pi * ramp)) / 2
    return torch.from_numpy(weight.astype(np.float32))[None, None].to(hole.device)
