"""Files of weights that other programs wrote: read as plain data, nothing in them is run.

PyTorch's own reader for weights alone takes most. It refuses files that also name classes of other libraries, and
TorchScript; those are read by ``archive``, where strange classes become inert.
"""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7
from inpaintlab.models.archive import Inert, read_archive, tensors

ENDINGS = (".pt", ".pth", ".ckpt", ".pkl", ".bin", ".npz", ".t7")
"""Of the files that are read in a folder."""

ABOUT = "inpaintlab.json"
"""What a TorchScript of ours says of its model, as an extra file of that name."""


def read(path: str | Path) -> dict[str, Any]:
    """Return what a file of weights holds, nested as it is, tensors on the CPU.

    ``torch.save``, old and new; TorchScript and Torch7, as {dotted name: tensor}; ``.npz``. A folder gives {name of a
    file without its suffix: what it holds}. ``UserError`` for anything else.
    """
    path = Path(path)
    if path.is_dir():
        return _several(sorted(file for file in path.iterdir() if file.suffix in ENDINGS), path)
    if not path.is_file():
        raise UserError(f"{path}: no such file ({path.absolute()})")
    contents = _read_file(path)
    if isinstance(contents, Inert):
        try:
            contents = tensors(contents)
        except RecursionError as error:
            raise UserError(f"{path}: its entries hold one another without end") from error
    if not isinstance(contents, Mapping) or not contents:
        raise UserError(f"{path}: holds no weights by name; expected a state dict")
    check_storages(contents, path)
    return dict(contents)


def _several(files: list[Path], folder: Path) -> dict[str, Any]:
    if not files:
        raise UserError(f"{folder}: no files of weights in this folder ({', '.join(ENDINGS)})")
    return {file.stem: read(file) for file in files}


def _read_file(path: Path) -> Any:
    if path.suffix == ".npz":
        return _read_arrays(path)
    if path.suffix == ".t7":
        return torch7.named_tensors(torch7.read(path))
    if zipfile.is_zipfile(path):
        check_archive(path)
        try:
            return load_plainly(path)
        except (pickle.UnpicklingError, RuntimeError):  # classes of other libraries, or a TorchScript
            return read_archive(path)
    try:
        return load_plainly(path)
    except Exception as error:  # a stranger's pickle can fail in any way
        raise UserError(f"{path}: not a file of weights that PyTorch wrote, or torn ({reason(error)})") from error


def is_torchscript_of_ours(path: Path) -> bool:
    """Tell whether ``inpaintlab export`` wrote it, whose TorchScript has its own words about the model inside."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(f"/extra/{ABOUT}") for name in archive.namelist())


def load_plainly(path: Path) -> Any:
    """Let PyTorch read tensors and plain data; whatever else stands in the file raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a file that looks like TorchScript
        return torch.load(path, map_location="cpu", weights_only=True)


def _read_arrays(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not an .npz of plain arrays, or torn ({reason(error)})") from error


def check_archive(path: Path) -> None:
    """Refuse a zip archive that does not agree with its checksums, which PyTorch does not look at, or is compressed."""
    try:
        with zipfile.ZipFile(path) as archive:
            # TorchScript packs its code, which nobody runs here.
            packed = any(
                entry.compress_type != zipfile.ZIP_STORED and "/code/" not in entry.filename
                for entry in archive.infolist()
            )
            damaged = None if packed else archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UserError(
            f"checkpoint {path}: torn, or not a checkpoint ({reason(error)}); use an earlier one"
        ) from error
    if packed:
        raise UserError(f"checkpoint {path}: compressed, as PyTorch writes none; use the file as it was written")
    if damaged is not None:
        raise UserError(f"checkpoint {path}: damaged, {damaged} does not agree with its checksum; use an earlier one")


def check_storages(contents: Any, path: Path) -> None:
    """Refuse tensors that claim more numbers than the file holds for them, as views of one number can."""
    for tensor in all_tensors(contents):
        if tensor.layout != torch.strided or tensor.is_quantized:
            raise UserError(f"{path}: holds a tensor of another kind than plain numbers ({tensor.layout})")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise UserError(f"{path}: a tensor of shape {tuple(tensor.shape)} stands for fewer numbers than that")


def all_tensors(contents: Any) -> list[Tensor]:
    """Return the tensors of nested plain data, each container once."""
    found, seen, open_ends = [], set(), [contents]
    while open_ends:
        value = open_ends.pop()
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (Mapping, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            open_ends += list(value.values()) if isinstance(value, Mapping) else list(value)
    return found


def reason(error: BaseException) -> str:
    """Say in a few words what a reader complained of."""
    first = str(error).strip().split(". ")[0].splitlines()
    return first[0][:160] if first else type(error).__name__
