"""The model that a verb is given: a checkpoint, or a method without training.

Free of torch until a model is asked for.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import get_class, instantiate

from inpaintlab import methods
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import read_json
from inpaintlab.methods import Method

if TYPE_CHECKING:
    import torch

    from inpaintlab.models.base import InpaintingModule


EXPORTED = "inpaintlab.models.exported.Exported"
"""The class of ``.onnx`` files, by its name: it stands above this room."""


def check_given(ckpt: str | None, model: Mapping[str, Any] | None) -> None:
    """Refuse anything but exactly one of an existing checkpoint and a model; ``model=exported`` has both."""
    if model is not None and model.get("_target_") == EXPORTED:
        if ckpt is None or Path(ckpt).suffix != ".onnx":
            raise UserError(f"model=exported: ckpt={ckpt}, expected the .onnx file that `inpaintlab export` wrote")
    elif (ckpt is None) == (model is None):
        raise UserError("give either ckpt=<a .ckpt file of a training run> or model=<a method without training: telea>")
    if ckpt is not None and not Path(ckpt).exists():
        raise UserError(f"ckpt={ckpt}: no such file ({Path(ckpt).absolute()}); give the .ckpt file of a training run")


def name_of(ckpt: str | None, method: str | None) -> str:
    """Name a model in every table: the method, or the run that trained it, or the file of weights.

    A run is called what its ``results.json`` says; its folder's date tells nobody anything. Jobs of a sweep share a
    name, so theirs has the job's choices behind it.
    """
    if ckpt is None:
        return str(method)
    path = Path(ckpt).absolute()
    if path.parent.name != "checkpoints":
        return path.stem
    run = path.parent.parent
    name = str((read_json(run / "results.json") or {}).get("name") or run.parent.name)
    return name if re.fullmatch(r"\d{8}-\d{6}|job-.+", run.name) else f"{name}/{run.name}"


def folder_of(ckpt: str | None, method: str | None) -> str:
    """Return a folder's name for what is found out about a model: its name, and of a run the date too."""
    name = name_of(ckpt, method)
    if ckpt is None or Path(ckpt).absolute().parent.name != "checkpoints":
        return name
    run = Path(ckpt).absolute().parent.parent.name
    return name if name.endswith(f"/{run}") else f"{name}/{run}"


def load_given(
    ckpt: str | None, model: Mapping[str, Any] | None, device: "torch.device", trust: str | None = None
) -> tuple["InpaintingModule", dict[str, Any]]:
    """Return the model on ``device``, and what it was trained on: {size, channels}, as far as is known.

    ``ckpt``: whatever ``load`` takes of files and folders. ``trust``: see ``building.find_class``.
    """
    if ckpt is not None:
        return open_model(ckpt, device, trust)
    method: InpaintingModule = instantiate(model, _convert_="all")
    if not method.trained:
        raise UserError(f"{type(method).__name__} needs training; give the checkpoint of a run: ckpt=<.ckpt file>")
    return method.to(device).eval(), {}


def open_model(
    path: str | Path, device: "torch.device | str" = "cpu", trust: str | None = None
) -> tuple["InpaintingModule", dict[str, Any]]:
    """Build the model that a file holds, ours or its authors', in eval mode; and what it was trained on, see above."""
    if Path(path).suffix == ".onnx":
        exported = get_class(EXPORTED)(str(path))
        return exported.to(device).eval(), exported.trained_on

    from inpaintlab.models import checkpoints, families, folder_form

    published = folder_form.is_folder_form(Path(path))
    if Path(path).is_dir() and not published:
        return families.build_official(path).to(device).eval(), {}
    try:
        checkpoint = folder_form.read_folder(Path(path)) if published else checkpoints.read_checkpoint(path)
    except checkpoints.ForeignFile as foreign:
        return families.build_official(path, foreign).to(device).eval(), {}
    model, trained_on = checkpoints.model_of(checkpoint, path, device, trust), checkpoints.trained_on(checkpoint)
    model.trained_size = trained_on.get("size")
    return model, trained_on


def load(name: str | Path, device: "torch.device | str" = "cpu", trust: str | None = None) -> "InpaintingModule":
    """Return a model in eval mode on ``device``: that of a file, or a method without training by its name.

    Args:
        name: a checkpoint of a training run, a file or a folder of weights that a paper's authors released, a folder
            or an ``.onnx`` file of ``inpaintlab export``, or a name of ``conf/model`` whose method needs no training:
            ``telea``, ``patchmatch``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or a ``torch.device``.
        trust: packages, with commas between them, whose model classes a checkpoint may name besides this one's and
            those of installed plugins.

    Raises:
        UserError: in one line, for a file that is damaged, or names what may not be built, and for an unknown name.
    """
    ckpt, model = find_model(name)
    return load_given(ckpt, model, choose_device(device) if isinstance(device, str) else device, trust)[0]


def find_model(name: str | Path) -> tuple[str | None, Mapping[str, Any] | None]:
    """Return (file, None) or (None, the ``model`` node of a choice of that name); ``UserError`` for what is neither."""
    from inpaintlab.basics.composing import compose, list_choices

    path = Path(name).expanduser()
    if path.exists():
        return str(path), None
    if str(name) not in list_choices("model"):
        raise UserError(
            f"{name}: no such file ({path.absolute()}), nor the name of a method: {', '.join(list_choices('model'))}"
        )
    return None, compose(f"model={name}", verb="predict").model


def method_of(model: Mapping[str, Any]) -> Method | None:
    """Return the method alone that a ``model`` node stands for, made without torch; None where it is more than one."""
    package, _, name = str(model["_target_"]).rpartition(".")
    if package != "inpaintlab.models.classical" or name not in methods.__all__:
        return None
    method: Method = instantiate({**model, "_target_": f"{methods.__name__}.{name}"}, _convert_="all")
    return method


def choose_device(name: str) -> "torch.device":
    """Return the device called ``auto`` (the GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        reason = str(error).splitlines()[0]
        raise UserError(f"device={name}: not to be had here ({reason}); use device=auto or cpu") from error
    return torch.device(name)
