"""Weights to begin a training with: of a checkpoint, or of a file that a paper's authors released."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.building import check_state
from inpaintlab.models.checkpoints import ForeignFile, read_checkpoint
from inpaintlab.models.families import knows_official, translate

CLOCK = "iteration"
"""Not taken: the new training begins at 0."""
SHOWN = 5
"""Names that a line lists."""


def take_weights(model: InpaintingModule, path: str | Path) -> str:
    """Copy into ``model`` what fits by name and shape, and say in lines what did and what did not.

    Nothing of the file is run, and no class is built from it. ``UserError`` if nothing fits.
    """
    state = read_weights(model, Path(path))
    own = model.state_dict()
    here = {name: value for name, value in state.items() if name in own and name != CLOCK}
    fitting = {name: value for name, value in here.items() if value.shape == own[name].shape}
    if not fitting:
        raise UserError(
            f"init_from={path}: none of its {len(state)} weights fits {type(model).__name__}: the first is "
            f"{next(iter(state), 'none')}, expected such as {next(iter(own))}"
        )
    with torch.no_grad():
        model.load_state_dict(fitting, strict=False)
    lines = [f"{path}: {len(fitting)} of {len(own) - 1} weights taken"]
    lines += _listed("of another shape", [f"{n} {_by(here[n])} for {_by(own[n])}" for n in here if n not in fitting])
    lines += _listed("not in the file, as initialised", [name for name in own if name not in state and name != CLOCK])
    lines += _listed("of no use here", [name for name in state if name not in own])
    return "\n".join(f"init   {line}" for line in lines)


def read_weights(model: InpaintingModule, path: Path) -> Mapping[str, Tensor]:
    """Return the state dict of a file, by our names."""
    try:
        state: Any = read_checkpoint(path)["state_dict"]
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


def _by(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "1"


def _listed(what: str, names: list[str]) -> list[str]:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{what}: {', '.join(names[:SHOWN])}{more}"] if names else []
