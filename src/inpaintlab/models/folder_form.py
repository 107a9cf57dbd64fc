"""A model as a folder that can be published: ``config.json``, ``model.safetensors`` and a card, ``README.md``."""

import json
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.models.weight_files import reason

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
LONGEST = 1 << 20
"""Bytes of a config; ours have a few hundred."""


def is_folder_form(path: Path) -> bool:
    """Tell whether it is such a folder, and not one of weights that authors released."""
    return (path / CONFIG).is_file() and (path / WEIGHTS).is_file()


def read_folder(path: Path) -> dict[str, Any]:
    """Return what ``checkpoints.read_checkpoint`` returns of a checkpoint; nothing in the folder is run."""
    import safetensors
    import safetensors.torch

    config = _read_config(path / CONFIG)
    try:
        state = safetensors.torch.load_file(path / WEIGHTS)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as error:
        raise UserError(f"{path / WEIGHTS}: torn, or not a file of safetensors ({reason(error)})") from error
    return {
        "model": config.get("model"),
        "hyper_parameters": config.get("hyper_parameters"),
        "state_dict": state,
        "datamodule_hyper_parameters": config.get("trained_on"),
    }


def _read_config(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LONGEST:
            raise UserError(f"{path}: {path.stat().st_size:,} bytes, far more than a config of ours has")
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(f"{path}: not a config ({reason(error)})") from error
    if not isinstance(config, dict) or not {"model", "hyper_parameters"} <= config.keys():
        raise UserError(f"{path}: not a config of this project (no model, hyper_parameters)")
    return config
