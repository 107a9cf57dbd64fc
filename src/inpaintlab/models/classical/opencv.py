"""What the two methods of OpenCV share."""

import cv2
import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical.picture_by_picture import PictureByPicture


class OpenCV(PictureByPicture):
    """``cv2.inpaint`` on 8-bit values, grey or colour."""

    flag: int
    """OpenCV's name of the method."""

    def __init__(self, radius: float = 3) -> None:
        """``radius``: of the neighbourhood around each filled pixel, in pixels."""
        super().__init__()
        if radius <= 0:
            raise UserError(f"model.radius={radius}: expected more than 0 pixels")
        self.save_hyperparameters()

    def fill_picture(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one (H, W, C) uint8 picture."""
        # OpenCV leaves some pixels of the border as they are, and reads beyond it where a picture is one pixel wide
        # (opencv/opencv issues 6065, 14722). A frame that belongs to the hole, and is cut off again, heals both; holes
        # further than the radius + 1 from the border are filled as without it.
        framed = np.pad(picture, ((1, 1), (1, 1), (0, 0)))
        framed_hole = np.pad(hole, 1, constant_values=True).astype(np.uint8)
        filled = cv2.inpaint(framed, framed_hole, self.hparams.radius, self.flag)
        return filled.reshape(framed.shape)[1:-1, 1:-1]
