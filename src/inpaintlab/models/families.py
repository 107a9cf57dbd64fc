"""Whose weights are these? Files that authors released, offered to every paper that knows how to read them."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_class
from omegaconf import OmegaConf
from torch import Tensor

from inpaintlab.basics.composing import list_files
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256, write_file
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
        own = overrides(family, "open_official")
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


def open_files(files: list[Path], target: str | None) -> tuple[type[InpaintingModule], Mapping[str, Any]]:
    """Return the paper of the files, the one called ``target`` or the one that knows them, and what they hold."""
    if target is None:
        if len(files) > 1:
            raise UserError("official: several files need model=<whose they are>")
        return recognise(files[0])
    family = get_class(target)
    if not issubclass(family, InpaintingModule) or not knows_official(family):
        names = ", ".join(other.__name__ for other in families())
        raise UserError(f"model: {family.__name__} knows no weights that its authors released; these do: {names}")
    if len(files) == 1:
        return family, family.open_official(files[0])
    return family, {file.stem: family.open_official(file) for file in files}


def translate(family: type[InpaintingModule], contents: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return (hyper_parameters, state_dict) of ours, after a look at the size of what would be built."""
    arguments = family.official_arguments(contents)
    with torch.device("meta"):
        needed = sum(part.numel() for part in construct(family, arguments).parameters())
    there = sum(tensor.numel() for tensor in all_tensors(contents))
    if needed > 16 * there + 2**20:
        raise UserError(f"official weights: the file holds {there:,} numbers, {family.__name__} would have {needed:,}")
    return family.read_official(contents)


def write_checkpoint(
    path: Path,
    family: type[InpaintingModule],
    arguments: Mapping[str, Any],
    state: Mapping[str, Tensor],
    files: list[Path],
    trained_on: Mapping[str, int],
) -> None:
    """Write what a training would have left of it; ``trained_on``: {size, channels} of the pictures."""
    sources = [source for file in files for source in (sorted(file.iterdir()) if file.is_dir() else [file])]
    content = {
        "model": f"{family.__module__}.{family.__qualname__}",
        "hyper_parameters": dict(arguments),
        "state_dict": dict(state),
        "datamodule_hyper_parameters": dict(trained_on),
        "official": {source.name: file_sha256(source) for source in sources if source.is_file()},
    }
    write_file(path, lambda temporary: torch.save(content, temporary))


def families() -> Iterator[type[InpaintingModule]]:
    """Walk through the classes of ``conf/model`` that know weights of their authors, each once."""
    seen = set()
    for path in list_files("model"):
        target = OmegaConf.select(OmegaConf.load(path), "model._target_")
        if target is None or target in seen or ".classical." in target:
            continue
        seen.add(target)
        family = get_class(target)
        if issubclass(family, InpaintingModule) and knows_official(family):
            yield family


def pictures_of(family: type[InpaintingModule]) -> dict[str, int]:
    """Return {size, channels} of the pictures that the paper of the family trains on, as ``conf/model`` has them."""
    target = f"{family.__module__}.{family.__qualname__}"
    for path in list_files("model"):
        config = OmegaConf.load(path)
        if OmegaConf.select(config, "model._target_") == target and OmegaConf.select(config, "paper.size"):
            return {name: int(config.paper[name]) for name in ("size", "channels")}
    raise UserError(f"{family.__name__}: conf/model does not say the size of its pictures; give paper.size=<px>")


def knows_official(family: type[InpaintingModule]) -> bool:
    """Tell whether the class reads any authors' weights."""
    return overrides(family, "official_arguments")


def overrides(family: type[InpaintingModule], member: str) -> bool:
    """Tell whether the class has a member of its own in place of the base's."""
    between = family.__mro__[: family.__mro__.index(InpaintingModule)]
    return any(member in vars(part) for part in between)
