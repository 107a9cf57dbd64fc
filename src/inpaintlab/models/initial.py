"""Weights to begin a training with: of a checkpoint, an exported model, or a file that a paper's authors released."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models import folder_form, weight_files
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.building import check_state
from inpaintlab.models.checkpoints import ForeignFile, read_checkpoint
from inpaintlab.models.families import knows_official, translate

CLOCK = "iteration"
"""Not taken: the new training begins at 0."""
SHOWN = 5
"""Names that a line lists."""


def take_weights(model: InpaintingModule, path: str | Path, part: str | None = None) -> str:
    """Copy into ``model`` what fits by name and shape, and say in lines what did and what did not.

    ``part``: take no other weights than its, such as those of a GAN's player. Nothing of the file is run, and no class
    is built from it. ``UserError`` if nothing fits.
    """
    if part is not None and part not in dict(model.named_modules(remove_duplicate=False)):
        raise UserError(f"init_part={part}: no part of {type(model).__name__}; it has {', '.join(_parts(model))}")
    every = read_weights(model, Path(path))
    own, state = (_within(part, weights) for weights in (model.state_dict(), every))
    here = {name: value for name, value in state.items() if name in own}
    fitting = {name: value for name, value in here.items() if value.shape == own[name].shape}
    if not fitting:
        raise UserError(
            f"init_from={path}: none of its {len(every)} weights fits {part or type(model).__name__}: the first is "
            f"{next(iter(every), 'none')}, expected such as {next(iter(own), 'none')}"
        )
    with torch.no_grad():
        model.load_state_dict(fitting, strict=False)
    lines = [f"{path}: {len(fitting)} of {len(own)} weights{f' of {part}' if part else ''} taken"]
    lines += _listed("of another shape", [f"{n} {_by(here[n])} for {_by(own[n])}" for n in here if n not in fitting])
    lines += _listed("not in the file, as initialised", [name for name in own if name not in state])
    lines += _listed("of no use here", [name for name in state if name not in own])
    return "\n".join(f"init   {line}" for line in lines)


def read_weights(model: InpaintingModule, path: Path) -> Mapping[str, Tensor]:
    """Return the state dict of a file or folder, by our names."""
    if path.suffix == ".onnx":
        raise UserError(
            f"init_from={path}: an ONNX file has its weights folded into one another, without their names; expected a "
            "checkpoint, the safetensors or torchscript form of inpaintlab export, or what the paper's authors released"
        )
    try:
        state = _read_ours(path)
    except ForeignFile as foreign:
        family = type(model)
        if not knows_official(family):
            raise UserError(f"init_from={path}: {foreign}") from foreign
        return translate(family, family.open_official(path))[1]
    try:
        check_state(state)
    except UserError as error:
        raise UserError(f"init_from={path}: {error}") from error
    weights: Mapping[str, Tensor] = state
    return weights


def _read_ours(path: Path) -> Any:
    """Return the state dict of a checkpoint or of an exported model; ``ForeignFile`` if it is neither."""
    if folder_form.is_folder_form(path):
        return folder_form.read_folder(path)["state_dict"]
    if path.is_dir():
        raise ForeignFile(f"{path}: a folder without {folder_form.CONFIG} and {folder_form.WEIGHTS}")
    if weight_files.is_torchscript_of_ours(path):
        return weight_files.read(path)
    return read_checkpoint(path)["state_dict"]


def _within(part: str | None, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a part, or of all, without the clock."""
    prefix = "" if part is None else f"{part}."
    return {name: value for name, value in weights.items() if name.startswith(prefix) and name != CLOCK}


def _parts(model: InpaintingModule) -> list[str]:
    """Return the names of the networks that have weights."""
    return [name for name, child in model.named_children() if child.state_dict()]


def _by(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "1"


def _listed(what: str, names: list[str]) -> list[str]:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{what}: {', '.join(names[:SHOWN])}{more}"] if names else []
