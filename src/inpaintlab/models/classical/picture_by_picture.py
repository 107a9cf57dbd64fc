"""Methods of libraries that take one NumPy picture at a time, on the CPU."""

import numpy as np
import torch
from torch import Tensor

from inpaintlab.models.classical.base import ClassicalModule


class PictureByPicture(ClassicalModule):
    """A method that writes ``fill_picture``."""

    eight_bit = True
    """Whether the library takes uint8; else it gets float64 in [0, 1]."""

    def fill_picture(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one picture (H, W, C), 0 in the hole, where ``hole`` (H, W) bool is True; same shape and type."""
        raise NotImplementedError

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Fill one after the other, see the base."""
        pictures = (seen.mul(255).round().byte() if self.eight_bit else seen.double()).permute(0, 2, 3, 1)
        holes = ~known.squeeze(1).cpu().numpy()
        filled = [self.fill_picture(*pair) for pair in zip(pictures.cpu().contiguous().numpy(), holes, strict=True)]
        prediction = torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2)
        return prediction.to(seen.dtype).div(255) if self.eight_bit else prediction
