"""``against=``: each model is judged in a process and a folder of its own, on the same pictures and masks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.paths import quote
from inpaintlab.basics.words import take
from inpaintlab.evaluation.settings import TRAVELS, is_given
from inpaintlab.models.loading import folder_of, name_of


@dataclass(frozen=True)
class Call:
    """One model's evaluation."""

    name: str
    output: Path
    words: tuple[str, ...]
    """Of the command line."""


def list_calls(words: Sequence[str], shown: Mapping[str, Any], judged_on: str) -> list[Call]:
    """Return the evaluations that ``against=`` asks for, the given model's own first.

    A checkpoint is told from a method by its ending, .ckpt or .onnx. With ``output=<folder>`` each gets a folder in it,
    else ``evaluation/<name>/<judged_on>``. All see pictures of the size and channels, cut and resized, that are
    ``shown`` to the given model, unless the words say else. None says its last words: one table is for all.
    """
    given, shared = take(words, "against", "output", "model", "ckpt", "name", "table")
    shared += [
        f"data.{key}={shown[key]}".replace(" ", "")
        for key in ("size", "channels", *TRAVELS)
        if shown.get(key) is not None and not is_given(key, words)
    ]
    own = {key: given[key] for key in ("name", "model", "ckpt") if given.get(key) is not None}
    models = [own, *({"ckpt" if is_checkpoint(rival) else "model": rival} for rival in given["against"])]
    names = [folder_named(model, name_of) for model in models]
    if len(set(names)) < len(names):  # two runs of one name
        names = [folder_named(model, folder_of) for model in models]
    if len(set(names)) < len(names):
        told = ", ".join(names)
        raise UserError(f"against={','.join(given['against'])}: two models would share the folder of one name: {told}")
    if given.get("output"):
        outputs = [Path(given["output"], name) for name in names]
    else:
        outputs = [default_output(model.get("name") or folder_named(model, folder_of), judged_on) for model in models]
    return [
        Call(
            name,
            output,
            (
                *(f"{key}={quote(str(value))}" for key, value in model.items()),
                f"output={quote(str(output))}",
                "table=false",
                *shared,
            ),
        )
        for model, name, output in zip(models, names, outputs, strict=True)
    ]


def default_output(folder: str, judged_on: str) -> Path:
    """Return where an evaluation is written unless the words say else."""
    return Path("evaluation", folder, judged_on)


def folder_named(model: Mapping[str, str], name: Callable[[str | None, str | None], str]) -> str:
    """Name the folder of {ckpt: file} or {model: method}; a sweep's job loses the signs that Hydra would read."""
    return re.sub(r"[=,]", "-", name(model.get("ckpt"), model.get("model")))


def shown_to(cfg: DictConfig) -> dict[str, Any]:
    """Return what the given model sees, {size, channels, ...}: as in a checkpoint's training, or as it is composed.

    How pictures are cut and resized is among it where a rival would bring its own way along.
    """
    if cfg.ckpt is not None:
        return size_of_training(cfg.ckpt)
    keys = ("size", "channels", *(TRAVELS if any(map(is_checkpoint, cfg.against)) else ()))
    return {key: cfg.data[key] for key in keys if cfg.data.get(key) is not None}


def is_checkpoint(rival: str) -> bool:
    """Tell a checkpoint from the name of a method."""
    return rival.endswith((".ckpt", ".onnx"))


def size_of_training(ckpt: str) -> dict[str, Any]:
    """Return what a checkpoint was trained on: {size, channels, ...}; {} where it does not tell."""
    from inpaintlab.models.checkpoints import ForeignFile, read_checkpoint, trained_on

    if ckpt.endswith(".onnx"):
        from inpaintlab.models.exported import Exported

        return Exported(ckpt).trained_on
    try:
        return trained_on(read_checkpoint(ckpt))
    except ForeignFile:  # its authors' own, perhaps
        return {}
