"""From a checkpoint file back to the model it holds; a file from a stranger runs nothing."""

import pickle
from pathlib import Path
from typing import Any, get_args

import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.data.views import Fit, Interpolation
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.building import build, check_state, compare_states, find_class
from inpaintlab.models.weight_files import check_archive, check_storages, load_plainly, reason

FIELDS = ("model", "state_dict", "hyper_parameters")

STATE = {
    "pytorch-lightning_version": str,
    "epoch": int,
    "global_step": int,
    "loops": dict,
    "callbacks": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
}
"""What a training leaves besides, and needs in order to go on."""


class ForeignFile(UserError):
    """A file that was not written by ``inpaintlab train``, and may be another program's."""


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint of ours as plain data, after a look at its checksums; ``UserError`` if it is not one."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"checkpoint {path.absolute()}: no such file; give the .ckpt file of a training run")
    check_archive(path)
    try:
        checkpoint = load_plainly(path)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise ForeignFile(
            f"checkpoint {path}: torn, or not a checkpoint ({reason(error)}); use an earlier one"
        ) from error
    except Exception as error:  # a stranger's pickle can fail in any way
        raise UserError(f"checkpoint {path}: not a checkpoint ({type(error).__name__}: {reason(error)})") from error
    if not isinstance(checkpoint, dict) or not set(FIELDS) <= checkpoint.keys():
        raise ForeignFile(f"checkpoint {path}: not written by inpaintlab train (no {', '.join(FIELDS)})")
    check_storages(checkpoint, path)
    return checkpoint


def load_model(path: str | Path, device: str | torch.device = "cpu", trust: str | None = None) -> InpaintingModule:
    """Build the model that the checkpoint names, with its weights, in eval mode on ``device``.

    ``trust``: see ``building.find_class``.
    """
    return model_of(read_checkpoint(path), path, device, trust)


def model_of(
    checkpoint: dict[str, Any], path: str | Path, device: str | torch.device = "cpu", trust: str | None = None
) -> InpaintingModule:
    """Build the model of what ``read_checkpoint`` read from ``path``."""
    try:
        model_class = find_class(checkpoint["model"], trust)
        model = build(model_class, checkpoint["hyper_parameters"], checkpoint["state_dict"])
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from error
    return model.to(device).eval()


def check_resumable(checkpoint: dict[str, Any], path: str | Path, model: InpaintingModule) -> None:
    """Refuse to resume ``model`` from a checkpoint of another one, or from one without the state of a training."""
    try:
        for name, kind in STATE.items():
            if not isinstance(checkpoint.get(name), kind):
                raise UserError(
                    f"it has no {name} of a training ({kind.__name__}), so none can go on from it; begin a new one "
                    "with its weights: init_from=<it>"
                )
        own = f"{type(model).__module__}.{type(model).__qualname__}"
        if checkpoint["model"] != own:
            raise UserError(
                f"it is one of {checkpoint['model']!r:.100}, and model= says {own}; give the run's own words"
            )
        check_state(checkpoint["state_dict"])
        compare_states(model, checkpoint["state_dict"], "the words model.*")
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from error


def trained_on(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return what the data were at training, {size, channels, eval_fit, zoom, interpolation}, as far as it is plain."""
    data = checkpoint.get("datamodule_hyper_parameters", {})
    known = data if isinstance(data, dict) else {}
    plain = {name: known[name] for name in ("size", "channels") if type(known.get(name)) is int}
    for name, words in (("eval_fit", get_args(Fit)), ("interpolation", get_args(Interpolation))):
        if isinstance(known.get(name), str) and known[name] in words:
            plain[name] = known[name]
    zoom = known.get("zoom")
    if isinstance(zoom, list | tuple) and len(zoom) == 2 and all(type(side) in (int, float) for side in zoom):
        plain["zoom"] = list(zoom)
    return plain
