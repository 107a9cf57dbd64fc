"""From a checkpoint file back to the model it holds."""

import importlib
import pickle
from pathlib import Path
from typing import Any

import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.base import InpaintingModule


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint of this project as plain data (``weights_only=True``); ``UserError`` if it is not one."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"checkpoint {path.absolute()}: no such file; give the .ckpt file of a training run")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        reason = str(error).split(". ")[0].splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"checkpoint {path}: torn, or not a checkpoint ({reason}); use an earlier one") from error
    if not isinstance(checkpoint, dict) or not {"model", "state_dict", "hyper_parameters"} <= checkpoint.keys():
        raise UserError(f"checkpoint {path}: not written by inpaintlab train (no model, state_dict, hyper_parameters)")
    return checkpoint


def load_model(path: str | Path, device: str | torch.device = "cpu") -> InpaintingModule:
    """Build the model that the checkpoint names, with its weights, in eval mode on ``device``."""
    checkpoint = read_checkpoint(path)
    module, _, name = checkpoint["model"].rpartition(".")
    try:
        model_class = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(f"checkpoint {path}: its model {checkpoint['model']} cannot be imported here") from error
    model: InpaintingModule = model_class(**checkpoint["hyper_parameters"])
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise UserError(f"checkpoint {path}: its weights do not fit {checkpoint['model']} of this version") from error
    return model.to(device).eval()
