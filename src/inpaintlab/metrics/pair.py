"""One truth and the pictures that are compared with it, in the colours that measures look at."""

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


def _mix(picture: Tensor, weights: tuple[int, int, int] | None) -> Tensor:
    if weights is None or picture.shape[-3] == 1:
        return picture
    # Whole weights, and the division last: sums of 8-bit values are exact then, and so are the halves to be rounded.
    red, green, blue = (weight * channel for weight, channel in zip(weights, picture.unbind(-3), strict=True))
    return ((red + green + blue) / sum(weights)).unsqueeze(-3)
