"""The holes of DeepFill: a box at a random place (Yu et al. 2018), and brush strokes beside it (Yu et al. 2019)."""

from collections.abc import Sequence

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size

SIDE = 256
"""Side of the pictures, pixels, for which the sizes are given; they grow with the shorter side."""
TYPICAL = 0.31
"""Mean hole share of box and brush with the authors' values."""


class FreeForm(RuledMaker):
    """A brush walks through the picture a few times, turning about as far at every vertex; a box is cut out besides.

    Without a ratio a drawing stays as it is drawn. With one, everything is drawn larger or smaller, and then grown or
    shrunk by the pixels that are missing for a hole share drawn uniformly from the ratio.
    """

    def __init__(
        self,
        *,
        strokes: Sequence[int] | None = (1, 3),
        vertices: Sequence[int] = (4, 11),
        width: Sequence[float] = (12, 40),
        box: int | None = 128,
        shrink: int = 16,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the sizes in pixels at 256.

        ``strokes``: [least, most] of them, None: none. ``vertices`` and ``width`` of a stroke, [least, most]. ``box``:
        side, None: none. ``shrink``: most pixels that the box's hole stays within it, on both sides of each direction.
        """
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        for name, given in (("strokes", strokes), ("vertices", vertices), ("width", width)):
            if given is not None and (len(given) != 2 or not 1 <= given[0] <= given[1]):
                raise UserError(f"{name}={list(given)}: expected [least, most] with 1 <= least <= most")
        if strokes is None and box is None:
            raise UserError("strokes=null, box=null: nothing to draw; give one of them")
        if box is not None and not (1 <= box <= SIDE and 0 <= 2 * shrink < box):
            raise UserError(f"box={box}, shrink={shrink}: expected a box of 1 to {SIDE} px with some pixels left in it")
        self.strokes = None if strokes is None else tuple(strokes)
        self.vertices, self.width, self.box, self.shrink = tuple(vertices), tuple(width), box, shrink

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw box and strokes where holes may be, and fit them to a share if one is wanted."""
        hole = np.zeros(size, np.uint8)
        inside = self.rule.inside(size)
        place = hole[inside]
        scale = min(size) / SIDE
        if self.rule.ratio is None:
            self.draw_on(place, scale, rng)
            return hole
        target = self.rule.target(size, rng)
        self.draw_on(place, scale * np.sqrt(target / (TYPICAL * hole.size)), rng)
        place[:] = fitted(place, target)
        return hole

    def draw_on(self, hole: np.ndarray, scale: float, rng: np.random.Generator) -> None:
        """Mark (H, W) uint8 with everything, ``scale`` times as large as at 256 pixels."""
        if self.box is not None:
            draw_box(hole, self.box * scale, self.shrink * scale, rng)
        if self.strokes is not None:
            for _ in range(rng.integers(self.strokes[0], self.strokes[1] + 1)):
                width = max(1, int(rng.uniform(*self.width) * scale))
                steps = rng.integers(self.vertices[0], self.vertices[1] + 1)
                draw_stroke(hole, steps, width, scale, rng)


def draw_box(hole: np.ndarray, side: float, shrink: float, rng: np.random.Generator) -> None:
    """Mark a square that lies anywhere in (H, W), made smaller on both sides of each direction."""
    side = min(max(1, round(side)), *hole.shape)
    # The authors draw places below height - side, so that the last one never occurs; a picture has to have one.
    top, left = (int(rng.integers(0, max(1, length - side))) for length in hole.shape)
    most = min(round(shrink), (side - 1) // 2)
    down, right = (int(rng.integers(0, most + 1)) for _ in range(2))
    hole[top + down : top + side - down, left + right : left + side - right] = 1


def draw_stroke(hole: np.ndarray, steps: int, width: int, scale: float, rng: np.random.Generator) -> None:
    """Mark a walk of so many steps, with round joints; it turns to one side and back by about 2 pi / 5."""
    height, breadth = hole.shape
    least = 2 * np.pi / 5 - rng.uniform(0, 2 * np.pi / 15)
    most = 2 * np.pi / 5 + rng.uniform(0, 2 * np.pi / 15)
    mean = scale * SIDE * np.sqrt(2) / 8  # a step's length: an eighth of the diagonal
    x, y = int(rng.integers(0, breadth)), int(rng.integers(0, height))
    path = [(x, y)]
    for step in range(steps):
        angle = rng.uniform(least, most)
        angle = 2 * np.pi - angle if step % 2 == 0 else angle
        length = np.clip(rng.normal(mean, mean / 2), 0, 2 * mean)
        x = int(np.clip(x + length * np.cos(angle), 0, breadth))
        y = int(np.clip(y + length * np.sin(angle), 0, height))
        path.append((x, y))
    cv2.polylines(hole, [np.array(path, np.int32)], False, 1, width)
    for vertex in path:
        cv2.circle(hole, vertex, width // 2, 1, cv2.FILLED)


def fitted(hole: np.ndarray, count: int) -> np.ndarray:
    """Grow or shrink a hole (H, W) evenly until ``count`` pixels are left: bool."""
    depth = cv2.distanceTransform(hole, cv2.DIST_L2, cv2.DIST_MASK_5)
    distance = cv2.distanceTransform(1 - hole, cv2.DIST_L2, cv2.DIST_MASK_5) - depth
    return distance <= np.partition(distance, count - 1, axis=None)[count - 1]
