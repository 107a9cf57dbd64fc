"""What the methods of other libraries have in common."""

import numpy as np


class Method:
    """A method that writes ``fill``. It is told where the hole is."""

    blind = False
    """As of a model: it must be told where the hole is."""
    refining: bool | None = None
    """As of a model: there is nothing to refine."""
    trained_size: int | None = None
    """As of a model: pictures of no certain size."""
    eight_bit = True
    """Whether the library takes uint8; else it gets float64 in [0, 1]."""

    def fill(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one picture (H, W, C), 0 in the hole, where ``hole`` (H, W) bool is True; same shape and type.

        Some pixels are known and some are not; what is said about the known ones is ignored.
        """
        raise NotImplementedError

    def complete(self, pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Return (H, W, C) uint8 with the hole filled, bit by bit as the model of the same name fills it.

        Known pixels stay; where nothing is known all is mid-grey.
        """
        if not hole.any():
            return pixels.copy()
        if hole.all():
            return np.full_like(pixels, 128)
        seen = np.where(hole[..., None], 0, pixels).astype(np.uint8)
        if self.eight_bit:
            filled = self.fill(seen, hole)
        else:  # as float32, in which models hand pictures on
            shares = (seen.astype(np.float32) / np.float32(255)).astype(np.float64)
            answer = self.fill(shares, hole).astype(np.float32).clip(0, 1)
            filled = np.rint(answer * np.float32(255)).astype(np.uint8)
        return np.where(hole[..., None], filled, pixels)
