"""From a prediction in [0, 1] to the values, 0 to 255, that a protocol compares."""

from collections.abc import Callable

from torch import Tensor

from inpaintlab.metrics.pictures import eight_bit


def truncated(picture: Tensor) -> Tensor:
    """Cut [0, 1] off to 8 bits, as a cast to uint8 does: float32 0, 1, ... 255."""
    return picture.float().clamp(0, 1).mul(255).floor()


def truncated_signed(picture: Tensor) -> Tensor:
    """Cut off to 8 bits what has been through [-1, 1] in float32: many of a file's own values come out 1 darker."""
    signed = picture.float().clamp(0, 1) * 2 - 1
    return ((signed + 1) / 2 * 255).floor()


def unrounded(picture: Tensor) -> Tensor:
    """Scale [0, 1] to [0, 255] and keep the fractions: float64."""
    return picture.double().clamp(0, 1).mul(255)


ROUNDINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "nearest": eight_bit,
    "truncate": truncated,
    "truncate_signed": truncated_signed,
    "none": unrounded,
}
"""How predictions become numbers. The truth is a file: rounded to the nearest, unless nothing is."""
