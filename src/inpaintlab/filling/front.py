"""``inpaintlab.fill``: a picture and its hole as a caller in Python has them."""

from typing import Any

import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.data.any_image import AnyPicture, open_hole, open_picture
from inpaintlab.filling.settings import Strategy
from inpaintlab.filling.strategy import complete
from inpaintlab.models.base import InpaintingModule


def fill(model: InpaintingModule, image: AnyPicture, hole: Any = None, strategy: Strategy = "auto") -> AnyPicture:
    """Fill the hole of a picture of any size; the result has the picture's type, size, mode and device.

    Args:
        model: of ``inpaintlab.load``, on any device.
        image: a PIL image (L, LA, RGB, RGBA), a NumPy array (H, W[, 1, 3 or 4]) or a tensor ([B,] 1 or 3, H, W), of
            uint8, uint16 (NumPy) or floats from 0 to 1.
        hole: of the same size, in any of the three types: True, 1, 255 or white where the picture is to be filled. None
            for a blind model, which finds out by itself.
        strategy: ``auto``, ``whole``, ``crop``, ``tiles``, ``two_scale``, see ``filling.strategy``.

    Returns:
        The completed picture: known pixels bit by bit those of ``image``, filled ones opaque. Of a blind model
        everything is new.

    Raises:
        UserError: in one line, for what cannot be filled.
    """
    if model.blind and hole is not None:
        raise UserError(f"hole: {type(model).__name__} is blind and takes none; leave it out")
    if not model.blind and hole is None:
        raise UserError(f"hole: {type(model).__name__} must be told where it is; give it, True where to fill")
    opened = open_picture(image)
    there = torch.zeros_like(opened.image[:, :1], dtype=torch.bool) if hole is None else open_hole(hole, opened.image)
    if hole is not None and there.flatten(1).all(1).any():
        raise UserError("hole: it covers the whole picture, nothing is known; is it the wrong way round?")
    device = next(iter(model.buffers())).device
    pairs = zip(opened.image.to(device).split(1), there.to(device).split(1), strict=True)
    completed = torch.cat([complete(model, *pair, strategy) for pair in pairs])
    filled: AnyPicture = opened.close(completed, None if model.blind else there)
    return filled
