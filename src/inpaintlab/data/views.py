"""Which part of a picture a model sees, and at what size."""

import math
from typing import Literal, get_args

import torch
from PIL import Image
from torch import Generator

from inpaintlab.basics.errors import UserError

Fit = Literal["crop", "squash", "patch", "whole"]
Interpolation = Literal["bicubic", "bilinear", "lanczos", "area"]
FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}
"""Pillow's, which widen with the reduction (antialiased), as those of torchvision on Pillow's pictures."""


class Framing:
    """Cut a square of ``size`` pixels out of a picture, by one resampling with the filter ``interpolation``.

    ``crop`` resizes the shorter side to ``zoom * size`` and crops; ``squash`` resizes the whole picture, whatever its
    shape; ``patch`` crops without resizing, but for a factor out of ``scales``; ``whole`` leaves the picture alone.
    A picture smaller than the crop is enlarged until the crop fits. ``center_crop`` (pixels of the file) first keeps
    only the centre. With ``random`` the place, the zoom (uniform in its interval), the scale, the rotation (degrees,
    multiples of 90) and the flip are drawn; without, it is the centre at zoom and scale 1, upright.
    """

    def __init__(
        self,
        size: int,
        fit: Fit,
        *,
        center_crop: int | None = None,
        zoom: tuple[float, float] = (1.0, 1.0),
        scales: tuple[float, ...] = (1.0,),
        rotations: tuple[int, ...] = (0,),
        horizontal_flip: bool = False,
        interpolation: Interpolation = "bicubic",
        random: bool = False,
    ) -> None:
        if fit not in get_args(Fit):
            raise UserError(f"data: fit {fit!r} is not one of {', '.join(get_args(Fit))}")
        if interpolation not in FILTERS:
            raise UserError(f"data.interpolation={interpolation}: expected one of {', '.join(FILTERS)}")
        if random and fit == "whole":
            raise UserError(
                "data.train_fit=whole: pictures of many sizes cannot share a batch; take crop, squash or patch"
            )
        if len(zoom) != 2 or not 1 <= zoom[0] <= zoom[1]:
            raise UserError(f"data.zoom={list(zoom)}: expected [low, high] with 1 <= low <= high")
        if not scales or min(scales) <= 0:
            raise UserError(f"data.scales={list(scales)}: expected factors above 0")
        if not rotations or any(angle % 90 for angle in rotations):
            raise UserError(f"data.rotations={list(rotations)}: expected multiples of 90 degrees")
        self.size, self.fit, self.center_crop, self.random = size, fit, center_crop, random
        self.zoom, self.scales, self.rotations, self.flip = zoom, scales, rotations, horizontal_flip
        self.filter = FILTERS[interpolation]

    @property
    def shorter(self) -> int | None:
        """The shorter side that suffices, so that a JPEG may be decoded small; None where every pixel counts.

        Judged pictures are decoded in full: their pixels must not depend on the file format.
        """
        if self.random and self.fit == "crop" and self.center_crop is None:
            return math.ceil(self.size * self.zoom[1])
        return None

    def __call__(self, image: Image.Image, generator: Generator) -> Image.Image:
        """Return the view; ``generator`` is touched only with ``random``."""
        if self.fit == "whole":
            return image
        draw = torch.rand(6, generator=generator).tolist() if self.random else None
        picture = image.resize((self.size, self.size), self.filter, box=self._box(image.size, draw))
        if draw is None:
            return picture
        if turns := int(_pick(self.rotations, draw[4])) // 90 % 4:
            # ROTATE_90, ROTATE_180, ROTATE_270 are counter-clockwise and consecutive.
            picture = picture.transpose(Image.Transpose(Image.Transpose.ROTATE_90 + turns - 1))
        if self.flip and draw[5] < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return picture

    def _box(self, picture: tuple[int, int], draw: list[float] | None) -> tuple[float, float, float, float]:
        """Return the part of the file that is seen: (left, top, right, bottom) in its pixels.

        Equal to resizing, then cropping on whole pixels; the resized picture itself is never made, so that a picture of
        1 x 10000 pixels costs nothing.
        """
        kept = [min(side, self.center_crop or side) for side in picture]
        start = [round((side - keep) / 2) for side, keep in zip(picture, kept, strict=True)]
        if self.fit == "squash":
            return (start[0], start[1], start[0] + kept[0], start[1] + kept[1])
        if self.fit == "crop":
            zoom = self.zoom[0] + draw[0] * (self.zoom[1] - self.zoom[0]) if draw else 1.0
            factor = zoom * self.size / min(kept)
        else:
            factor = max(_pick(self.scales, draw[1]) if draw else 1.0, self.size / min(kept))
        low, high = [], []
        for axis in (0, 1):
            resized = max(self.size, round(kept[axis] * factor))
            offset = int(draw[2 + axis] * (resized - self.size + 1)) if draw else (resized - self.size) // 2
            step = kept[axis] / resized
            low.append(start[axis] + offset * step)
            high.append(min(start[axis] + (offset + self.size) * step, picture[axis]))
        return (low[0], low[1], high[0], high[1])


def _pick(choices: tuple[float, ...], draw: float) -> float:
    return choices[int(draw * len(choices))]
