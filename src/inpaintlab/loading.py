"""The model that a verb is given: a checkpoint, or a method without training.

Free of torch until a model is asked for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate

from inpaintlab.errors import UserError

if TYPE_CHECKING:
    import torch

    from inpaintlab.models.base import InpaintingModule


def check_given(ckpt: str | None, model: Mapping[str, Any] | None) -> None:
    """Refuse anything but exactly one of an existing checkpoint and a model."""
    if (ckpt is None) == (model is None):
        raise UserError("give either ckpt=<a .ckpt file of a training run> or model=<a method without training: telea>")
    if ckpt is not None and not Path(ckpt).is_file():
        raise UserError(f"ckpt={ckpt}: no such file ({Path(ckpt).absolute()}); give the .ckpt file of a training run")


def name_of(ckpt: str | None, method: str | None) -> str:
    """Name a model in the tables: the method, or the run folder's last two parts, or the checkpoint's file name."""
    if ckpt is None:
        return str(method)
    path = Path(ckpt).absolute()
    return "/".join(path.parts[-4:-2]) if path.parent.name == "checkpoints" else path.stem


def load_given(
    ckpt: str | None, model: Mapping[str, Any] | None, device: "torch.device"
) -> tuple["InpaintingModule", dict[str, Any]]:
    """Return the model on ``device``, and what it was trained on: {size, channels, ...}, empty for a classical one."""
    from inpaintlab.checkpoints import load_model, read_checkpoint

    if ckpt is not None:
        return load_model(ckpt, device), read_checkpoint(ckpt).get("datamodule_hyper_parameters", {})
    method: InpaintingModule = instantiate(model, _convert_="all")
    if not method.trained:
        raise UserError(f"{type(method).__name__} needs training; give the checkpoint of a run: ckpt=<.ckpt file>")
    return method.to(device).eval(), {}


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
