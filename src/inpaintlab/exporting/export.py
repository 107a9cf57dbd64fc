"""One export: the model's portable part, its file, and the comparison that the file must pass first."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

import inpaintlab
from inpaintlab.basics.files import write_file
from inpaintlab.exporting import folder, onnx_file, parity, torchscript
from inpaintlab.exporting.contract import InBytes, draw_bytes, draw_floats
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.exported.session import open_session, run_session
from inpaintlab.models.portable import Portable

Format = Literal["onnx", "torchscript", "safetensors"]
ENDINGS = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ""}


def export(
    model: InpaintingModule, form: Format, output: Path, trained_on: dict[str, Any], trust: str | None = None
) -> parity.Parity | None:
    """Write ``model``, in eval mode on the CPU, as ``output``; return how near the file comes to it.

    The folder form holds the model itself, and is compared bit by bit: None. ``UserError`` where there is no such
    form, or where the file would compute anything else; then nothing is written.
    """
    about = describe(model, trained_on)
    if form == "safetensors":
        folder.write(model, output, about, trust)
        return None
    # Both are copies: what is made ready for export must not be what it is compared with, nor the caller's.
    ours, theirs = copy.deepcopy(model).portable(onnx=False), copy.deepcopy(model).portable(onnx=form == "onnx")
    about |= {"promise": theirs.promise, "blind": theirs.blind}
    reports: list[parity.Parity] = []

    def save(temporary: Path) -> None:
        compare = _write_onnx if form == "onnx" else _write_torchscript
        reports.append(compare(ours, theirs, temporary, about))
        reports[0].check()

    write_file(output, save)
    reports[0].write(output.with_name(f"{output.name}.parity.json"))
    return reports[0]


def describe(model: InpaintingModule, trained_on: dict[str, Any]) -> dict[str, Any]:
    """Return what every form says of its model."""
    name = f"{type(model).__module__}.{type(model).__qualname__}"
    return {"inpaintlab": inpaintlab.__version__, "model": name, "trained_on": trained_on}


def _write_onnx(ours: Portable, theirs: Portable, path: Path, about: dict[str, Any]) -> parity.Parity:
    onnx_file.write(theirs, path, about)
    session, reference = open_session(path), InBytes(ours)

    def run(inputs: Sequence[Tensor]) -> Tensor:
        return torch.from_numpy(run_session(session, [x.numpy() for x in inputs]))

    name = about["model"].rpartition(".")[2]
    return parity.compare(ours, name, "onnx", path, lambda inputs: reference.levels(*inputs), run, draw_bytes)


def _write_torchscript(ours: Portable, theirs: Portable, path: Path, about: dict[str, Any]) -> parity.Parity:
    torchscript.write(theirs, path, about)
    loaded = torchscript.load(path)
    name = about["model"].rpartition(".")[2]
    return parity.compare(
        ours, name, "torchscript", path, lambda inputs: ours(*inputs), lambda inputs: loaded(*inputs), draw_floats
    )
