"""One truth and the pictures that are compared with it: how they become numbers, in which colours, in which regions."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

COLOURS: dict[str, tuple[int, int, int] | None] = {
    "rgb": None,
    "grey": (2125, 7154, 721),  # scikit-image's rgb2gray
    "luma": (299, 587, 114),  # BT.601
    "luma_rounded": (299, 587, 114),  # and back to whole numbers
    "mean": (1, 1, 1),
}
"""Relative weights of red, green and blue; a picture of one channel stays as it is."""


class Pair:
    """The outputs of a protocol (O, C, H, W) and their truth (C, H, W), float64 values from 0 to 255."""

    def __init__(self, first: Tensor, second: Tensor) -> None:
        self._seen = {"rgb": (first.double(), second.double())}
        self._differences: dict[str, Tensor] = {}

    def colours(self, name: str) -> tuple[Tensor, Tensor]:
        """Return both in a colour of ``COLOURS``: (O, K, H, W) and (K, H, W), K being 1 or C."""
        if name not in self._seen:
            first, second = (_mix(x, COLOURS[name]) for x in self._seen["rgb"])
            rounded = name == "luma_rounded"
            self._seen[name] = (first.round(), second.round()) if rounded else (first, second)
        return self._seen[name]

    def difference(self, name: str) -> Tensor:
        """Return the error in a colour, (O, K, H, W)."""
        if name not in self._differences:
            first, second = self.colours(name)
            self._differences[name] = first - second
        return self._differences[name]


class PairMeasure:
    """What a protocol asks of each picture: called with a ``Pair`` and the regions, it returns columns of numbers."""

    def prepare(self, device: torch.device | str, weights: Mapping[str, str | None]) -> None:
        """Load what it needs, once, before the first picture; ``weights`` names files, None: the library's download."""

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return {column: (O, R) float64} for regions (R, H, W); not a number where a value does not exist.

        A measure of whole pictures alone says the same in all regions. Pictures that are too small raise ``UserError``.
        """
        raise NotImplementedError


def _mix(picture: Tensor, weights: tuple[int, int, int] | None) -> Tensor:
    if weights is None or picture.shape[-3] == 1:
        return picture
    # Whole weights, and the division last: sums of 8-bit values are exact then, and so are the halves to be rounded.
    mixed = picture.new_tensor(weights) @ picture.flatten(-2)
    return mixed.div_(sum(weights)).view_as(picture[..., :1, :, :])


def eight_bit(picture: Tensor) -> Tensor:
    """Round [0, 1] to the 256 values a file can hold: float32 0, 1, ... 255."""
    return picture.float().clamp(0, 1).mul_(255).round_()


def truncated(picture: Tensor) -> Tensor:
    """Cut [0, 1] off to 8 bits, as a cast to uint8 does: float32 0, 1, ... 255."""
    return picture.float().clamp(0, 1).mul_(255).floor_()


def truncated_signed(picture: Tensor) -> Tensor:
    """Cut off to 8 bits what has been through [-1, 1] in float32: many of a file's own values come out 1 darker."""
    signed = picture.float().clamp(0, 1) * 2 - 1
    return ((signed + 1) / 2 * 255).floor()


def unrounded(picture: Tensor) -> Tensor:
    """Scale [0, 1] to [0, 255] and keep the fractions: float64."""
    return picture.double().clamp(0, 1).mul_(255)


ROUNDINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "nearest": eight_bit,
    "truncate": truncated,
    "truncate_signed": truncated_signed,
    "none": unrounded,
}
"""How predictions become numbers. The truth is a file: rounded to the nearest, unless nothing is."""


def region_masks(hole: Tensor, names: Sequence[str], width: int | None) -> Tensor:
    """Return (R, H, W) float64, 1 inside of each named region, for a hole (1, H, W) that is 1 in the hole.

    ``boundary`` is the band of pixels, known or not, that have one of the other kind at most ``width`` rows and
    ``width`` columns away.
    """
    masks = {"full": lambda: torch.ones_like(hole), "hole": lambda: hole, "boundary": lambda: _band(hole, width or 0)}
    return torch.cat([masks[name]() for name in names]).double()


def region_means(values: Tensor, masks: Tensor) -> Tensor:
    """Mean of (O, C, H, W) over each region (R, H, W): (O, R); not a number where a region is empty."""
    return region_sums(values, masks).mean(1) / masks.sum((1, 2))


def region_sums(values: Tensor, masks: Tensor) -> Tensor:
    """Sum of (O, C, H, W) over each region (R, H, W): (O, C, R)."""
    return values.flatten(2) @ masks.flatten(1).T


def _band(hole: Tensor, width: int) -> Tensor:
    inside = hole > 0
    return (_spread(inside, width) & _spread(~inside, width)).to(hole.dtype)


def _spread(mask: Tensor, width: int) -> Tensor:
    """Grow bool (1, H, W) by a square of ``width`` pixels to each side; nothing comes in over the picture's border."""
    mask, side = F.pad(mask, (width,) * 4), 2 * width + 1
    for dim in (-2, -1):
        reach = 1
        while reach < side:  # twice as far each time
            step = min(reach, side - reach)
            length = mask.shape[dim] - step
            mask = mask.narrow(dim, 0, length) | mask.narrow(dim, step, length)
            reach += step
    return mask
