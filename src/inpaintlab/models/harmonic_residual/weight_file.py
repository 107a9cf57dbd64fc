"""Weights as a safetensors file: plain numbers and names, nothing that could run."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file
from inpaintlab.models.base import InpaintingModule

BUNDLED = Path(__file__).parent / "weights" / "bundled.safetensors"
"""The file that the package carries."""


def load_weights(model: InpaintingModule, source: str) -> None:
    """Load ``bundled`` or a ``.safetensors`` file into the model's network; ``UserError`` where it does not fit."""
    path = BUNDLED if source == "bundled" else Path(source)
    if not path.is_file():
        raise UserError(
            f"model.weights={source}: no such file ({path.absolute()}); expected bundled or a .safetensors file"
        )
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"model.weights={source}: not a safetensors file ({error})") from error
    with safe_open(path, "pt") as file:
        size = (file.metadata() or {}).get("size")
    model.trained_size = int(size) if size else None
    try:
        model.network.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise UserError(
            f"model.weights={source}: these weights are of a network of other sizes; "
            "give the model.channels, model.widths and model.blocks it was trained with"
        ) from error


def save_weights(model: InpaintingModule, path: Path) -> None:
    """Write the network's weights in 16 bits, and the size of the pictures it was trained on."""
    state = {name: value.detach().to(torch.float16).contiguous() for name, value in model.network.state_dict().items()}
    metadata = {"size": str(model.trained_size)} if model.trained_size else None
    write_file(path, lambda temporary: save_file(state, temporary, metadata))
