"""How pictures reach the 299 pixels of the Inception networks: four ways that change FID, each by its name."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from inpaintlab.basics.errors import UserError

SIDE = 299
"""Side in pixels of what the Inception networks look at."""


def _tensorflow(pictures: Tensor) -> Tensor:
    """Bilinear as in TensorFlow 1: corner-anchored, no smoothing; torch-fidelity's, so that FID equals the original."""
    try:
        from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
    except ModuleNotFoundError as error:
        raise UserError("resize=tensorflow: needs torch-fidelity; pip install 'inpaintlab[metrics]'") from error
    return interpolate_bilinear_2d_like_tensorflow1x(pictures.float(), (SIDE, SIDE), align_corners=False)


def _bilinear(pictures: Tensor) -> Tensor:
    """PyTorch's bilinear, no smoothing: edge-connect, pytorch-fid."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=False)


def _bilinear_corners(pictures: Tensor) -> Tensor:
    """PyTorch's bilinear with the corner pixels kept in the corners: AOT-GAN."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=True)


def _antialiased(pictures: Tensor) -> Tensor:
    """Bilinear, smoothed before shrinking: torchmetrics."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def _pil_bicubic(pictures: Tensor) -> Tensor:
    """PIL's bicubic, smoothed, each channel in float32 without rounding: clean-fid. Runs on the CPU."""
    flat = pictures.flatten(0, 1).cpu().numpy().astype(np.float32)
    resized = [np.asarray(Image.fromarray(plane).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for plane in flat]
    planes = torch.from_numpy(np.stack(resized)).clamp(0, 255).to(pictures.device)
    return planes.unflatten(0, pictures.shape[:2])


RESIZES: dict[str, Callable[[Tensor], Tensor]] = {
    "tensorflow": _tensorflow,
    "bilinear": _bilinear,
    "bilinear_corners": _bilinear_corners,
    "antialiased": _antialiased,
    "pil_bicubic": _pil_bicubic,
}
"""uint8 (B, C, H, W) -> float32 (B, C, 299, 299) of 0 to 255."""
