"""Inpainting by the fast marching method (Telea 2004), by OpenCV."""

import cv2
import numpy as np
import torch
from torch import Tensor

from inpaintlab.models.classical.base import ClassicalModule


class Telea(ClassicalModule):
    """Fill the hole from its rim inwards with weighted means of the pixels around (mid-grey where none is known).

    Works on 8-bit values and on the CPU, picture by picture.
    """

    def __init__(self, radius: float = 3) -> None:  # noqa: ARG002 - read from hparams
        """``radius``: of the neighbourhood around each filled pixel, in pixels."""
        super().__init__()
        self.save_hyperparameters()

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: (B, C, H, W) with C 1 or 3, (B, 1, H, W) -> (B, C, H, W) in [0, 1]; known pixels unchanged."""
        pictures = corrupted.float().mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        holes = (known < 0.5).byte().squeeze(1).cpu().numpy()
        filled = np.stack([self._fill(picture, hole) for picture, hole in zip(pictures, holes, strict=True)])
        prediction = torch.from_numpy(filled).to(corrupted).div(255).permute(0, 3, 1, 2)
        return torch.where(known > 0, corrupted, prediction)

    def _fill(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one (H, W, C) uint8 picture where ``hole`` (H, W) is not zero."""
        if hole.all():
            return np.full_like(picture, 128)
        return cv2.inpaint(picture, hole, self.hparams.radius, cv2.INPAINT_TELEA).reshape(picture.shape)
