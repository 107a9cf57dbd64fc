"""What a mask must satisfy: the share of its hole pixels and their distance from the border."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from inpaintlab.basics.errors import UserError

Size = tuple[int, int]
"""(height, width) in pixels."""
Border = Literal["any", "clear", "touch", "free"]


@dataclass(frozen=True)
class Rule:
    """The guarantee of a mask maker; without a ratio a mask still has at least one hole and one known pixel."""

    ratio: tuple[float, float] | None = None
    """Right-closed interval of the share of hole pixels: low < share <= high."""
    border: Border = "any"
    """``clear``: at least ``distance`` known pixels between every hole pixel and the border; ``touch``: not so;
    ``free``: either, as in PConv's column B, which only NVIDIA's files tell from ``any``."""
    distance: int | None = None
    """Pixels; None is 50/512 of the shorter side (PConv, section 4.1: at least 50 pixels at 512)."""

    def __post_init__(self) -> None:
        if self.ratio is not None and not (len(self.ratio) == 2 and 0 <= self.ratio[0] < self.ratio[1] <= 1):
            raise UserError(f"ratio={list(self.ratio)}: expected [low, high] with 0 <= low < high <= 1, or null")
        if self.border not in ("any", "clear", "touch", "free"):
            raise UserError(f"border={self.border}: expected any, clear, touch or free")
        if self.distance is not None and self.distance < 1:
            raise UserError(f"border_distance={self.distance}: expected at least 1 pixel, or null")

    def margin(self, size: Size) -> int:
        """Return the border distance in pixels."""
        return max(1, round(50 / 512 * min(size))) if self.distance is None else self.distance

    def inside(self, size: Size) -> tuple[slice, slice]:
        """Return the rows and columns that may hold hole pixels."""
        margin = self.margin(size) if self.border == "clear" else 0
        return slice(margin, max(margin, size[0] - margin)), slice(margin, max(margin, size[1] - margin))

    def counts(self, size: Size) -> tuple[int, int]:
        """Return the fewest and the most hole pixels allowed."""
        pixels = size[0] * size[1]
        if self.ratio is None:
            return 1, pixels - 1
        low, high = (int(round(share * pixels, 6)) for share in self.ratio)  # 0.29 * 100 is 28.999... in floats
        return low + 1, min(high, pixels - 1)

    def target(self, size: Size, rng: np.random.Generator) -> int:
        """Draw the number of hole pixels to aim at, uniform over those that are allowed and have room."""
        fewest, most = self.counts(size)
        rows, columns = self.inside(size)
        room = (rows.stop - rows.start) * (columns.stop - columns.start)
        return int(rng.integers(fewest, min(most, room) + 1))

    def check_size(self, size: Size, maker: str) -> None:
        """Refuse a picture in which no mask at all can satisfy the rule."""
        fewest, most = self.counts(size)
        rows, columns = self.inside(size)
        room = (rows.stop - rows.start) * (columns.stop - columns.start)
        if fewest > min(most, room):
            raise UserError(
                f"mask {maker}: {self.describe(size)} is impossible at {size[0]}x{size[1]}: "
                f"it wants {fewest} to {most} hole pixels and has room for {room}; change ratio or border_distance"
            )

    def holds(self, hole: np.ndarray) -> bool:
        """Tell whether a hole map (H, W), non-zero = hole, satisfies the rule."""
        fewest, most = self.counts(hole.shape)
        count = np.count_nonzero(hole)
        if not fewest <= count <= most:
            return False
        if self.border in ("any", "free"):
            return True
        m = self.margin(hole.shape)
        inner = np.count_nonzero(hole[m:-m, m:-m])
        return inner == count if self.border == "clear" else inner < count

    def describe(self, size: Size) -> str:
        """Say the rule in words, for messages."""
        share = "any hole share" if self.ratio is None else f"a hole share in ({self.ratio[0]:g}, {self.ratio[1]:g}]"
        return share if self.border == "any" else f"{share} with border={self.border} ({self.margin(size)} px)"
