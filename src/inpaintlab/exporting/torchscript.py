"""TorchScript: the form that other inpainting programs load, floats in and floats out.

``model(image, mask)``: image (B, 3, H, W) in [0, 1], mask (B, 1, H, W), 1 in the hole -> (B, 3, H, W) in [0, 1]. That
is what IOPaint and simple-lama-inpainting call; the file pads to the network's divisor by itself.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from inpaintlab.exporting.contract import draw_floats
from inpaintlab.models.portable import Portable
from inpaintlab.models.weight_files import ABOUT

TRACED_ON = (96, 80)


def write(portable: Portable, path: Path, about: dict[str, Any]) -> None:
    """Write the file; ``about`` goes into it, as an extra file of that name."""
    inputs = tuple(draw_floats(portable, TRACED_ON, 2))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # each check of a size that is followed once; the sizes of parity find faults
        traced = torch.jit.trace(portable, inputs, check_trace=False)
        torch.jit.save(traced, str(path), _extra_files={ABOUT: json.dumps(about).encode()})


def load(path: Path) -> torch.jit.ScriptModule:
    """Read a file that this project wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.jit's age
        return torch.jit.load(str(path), map_location="cpu").eval()
