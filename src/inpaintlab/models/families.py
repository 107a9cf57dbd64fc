"""Whose are these weights? Files that a paper's authors released, offered to every paper that knows how to read them."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_class
from omegaconf import OmegaConf

from inpaintlab.basics.composing import list_files
from inpaintlab.basics.errors import UserError
from inpaintlab.models import weight_files
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.building import construct
from inpaintlab.models.weight_files import all_tensors


def build_official(path: str | Path, foreign: UserError | None = None) -> InpaintingModule:
    """Build the model that the authors' file at ``path`` is for.

    ``foreign``: what a reader of our own checkpoints said of the file; raised again if no paper knows it either.
    """
    family, contents = recognise(Path(path), foreign)
    arguments, state = translate(family, contents)
    model = construct(family, arguments)
    model.load_state_dict(state)
    return model


def recognise(path: Path, foreign: UserError | None = None) -> tuple[type[InpaintingModule], Mapping[str, Any]]:
    """Return the one paper that knows the file, and what the file holds; ``UserError`` if none or several do."""
    known: dict[type[InpaintingModule], Mapping[str, Any]] = {}
    complaints, shared = [], cache(weight_files.read)  # most read the file in the same way
    for family in families():
        own = family.open_official.__func__ is not InpaintingModule.open_official.__func__
        try:
            contents = family.open_official(path) if own else shared(path)
            family.official_arguments(contents)
            known[family] = contents
        except UserError as error:
            complaints.append(str(error))
    if len(known) == 1:
        return known.popitem()
    names = ", ".join(family.__name__ for family in known or families())
    if known:
        raise UserError(f"{path}: several papers know such a file, {names}; say which: inpaintlab convert model=<one>")
    if foreign is not None and "torn" in str(foreign):
        raise foreign
    raise UserError(f"{foreign or path}; and it is none that the authors of {names} released ({complaints[0]})")


def translate(family: type[InpaintingModule], contents: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return (hyper_parameters, state_dict) of ours, after a look at the size of what would be built."""
    arguments = family.official_arguments(contents)
    with torch.device("meta"):
        needed = sum(part.numel() for part in construct(family, arguments).parameters())
    there = sum(tensor.numel() for tensor in all_tensors(contents))
    if needed > 16 * there + 2**20:
        raise UserError(f"official weights: the file holds {there:,} numbers, {family.__name__} would have {needed:,}")
    return family.read_official(contents)


def families() -> Iterator[type[InpaintingModule]]:
    """Walk through the classes of ``conf/model`` that know weights of their authors, each once."""
    seen = set()
    for path in list_files("model"):
        target = OmegaConf.load(path).get("model", {}).get("_target_")
        if target is None or target in seen or ".classical." in target:
            continue
        seen.add(target)
        family = get_class(target)
        if issubclass(family, InpaintingModule) and knows_official(family):
            yield family


def knows_official(family: type[InpaintingModule]) -> bool:
    """Tell whether the class reads any authors' weights."""
    return family.official_arguments.__func__ is not InpaintingModule.official_arguments.__func__
