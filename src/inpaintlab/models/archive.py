"""Tensors out of files that PyTorch wrote, without running anything that stands in them.

``torch.load(weights_only=True)`` refuses a checkpoint that names classes of other libraries, ``torch.jit.load`` runs
what a script says. Here every class but tensors and dictionaries becomes an ``Inert`` object, which only keeps its
attributes. Both kinds of file are zip archives of the same layout: a pickle, and one file for each storage.
"""

import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError

DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class Inert:
    """Stands for an object of a class that is not known here; does nothing, whatever the pickle asks of it."""

    attributes: Any = None
    """What the file says of it, a dictionary as a rule."""

    def __init__(self, *_: Any) -> None:
        """Take anything."""

    def __call__(self, *_: Any) -> "Inert":
        """Stand for a function too."""
        return Inert()

    def __setstate__(self, state: Any) -> None:
        self.attributes = state

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def extend(self, values: Any) -> None:
        """Take the entries of a list."""


class _Unpickler(pickle.Unpickler):
    """Knows dictionaries and tensors, and nothing else."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(archive.open(f"{folder}/data.pkl"))
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _first
        return Inert

    def persistent_load(self, pid: Any) -> Tensor:
        _, dtype, key, *_ = pid
        content = bytearray(self.archive.read(f"{self.folder}/data/{key}"))
        return torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    return storage.as_strided(size, stride, offset) if math.prod(size) else storage.new_empty(size)


def _first(value: Any, *_: Any) -> Any:
    return value


def read_archive(path: str | Path) -> Any:
    """Return what ``torch.save`` or ``torch.jit.save`` wrote to a file; ``UserError`` if it is not such a file."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file ({path.absolute()})")
    try:
        with zipfile.ZipFile(path) as archive:
            folder = next(name for name in archive.namelist() if name.endswith("/data.pkl")).removesuffix("/data.pkl")
            return _Unpickler(archive, folder).load()
    except Exception as error:  # a stranger's pickle can fail in any way
        raise UserError(
            f"{path}: not an archive of torch.save or torch.jit.save, or torn ({type(error).__name__}: {error})"
        ) from error


def tensors(data: Any) -> dict[str, Tensor]:
    """Return the tensors of nested dictionaries and objects by their dotted names, as a state dict has them."""
    if isinstance(data, Inert):
        data = data.attributes
    if not isinstance(data, Mapping):
        return {}
    flat = {}
    for name, value in data.items():
        if isinstance(value, Tensor):
            flat[str(name)] = value
        else:
            flat |= {f"{name}.{inner}": tensor for inner, tensor in tensors(value).items()}
    return flat
