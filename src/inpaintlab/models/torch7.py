"""Files of Torch7 (``.t7``, Lua), read as plain data: nothing in them is run.

The binary format in short: every value begins with its kind, an int32. A number is a float64, a string its length and
its bytes. Tables and Torch objects carry an index, by which later places refer to them. Tensors are an offset, sizes
and strides into a storage. Read here: what 64-bit machines wrote, in little-endian order.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError

NIL, NUMBER, STRING, TABLE, OBJECT, BOOLEAN, FUNCTION, OLD_FUNCTION, RECURSIVE_FUNCTION = range(9)
TYPES = {
    "Byte": torch.uint8, "Char": torch.int8, "Short": torch.int16, "Int": torch.int32, "Long": torch.int64,
    "Float": torch.float32, "Double": torch.float64, "Cuda": torch.float32,
}  # fmt: skip
DEEPEST = 200
"""Tables within tables; a file of a network has about ten."""


class Object(NamedTuple):
    """An object of a Lua class, such as ``nn.Sequential``."""

    kind: str
    fields: Any


def read(path: str | Path) -> Any:
    """Return what the file holds: tables as dicts, tensors as tensors, objects as ``Object``, functions as None.

    ``UserError`` for a file that is none, or torn.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size).value()
    except (struct.error, ValueError, KeyError, RuntimeError, RecursionError, TypeError, EOFError) as error:
        raise UserError(f"{path}: torn, or no binary .t7 file of Torch7 ({error})") from error


def named_tensors(value: Any, epsilon: float = 1e-5) -> dict[str, Tensor]:
    """Flatten networks and tables into {name: tensor}, as a PyTorch ``state_dict`` of the same layers has them.

    Layers count from 0. BatchNorm's ``running_std``, in old files 1 / sqrt(variance + ``epsilon``), becomes
    ``running_var``; gradients and buffers of the forward pass are left out.
    """
    return dict(_walk(value, "", epsilon))


KEPT = ("weight", "bias", "running_mean", "running_var")


def _walk(value: Any, prefix: str, epsilon: float) -> Iterator[tuple[str, Tensor]]:
    fields = value.fields if isinstance(value, Object) else value
    if not isinstance(fields, Mapping):
        return
    if isinstance(value, Object):
        layers = fields.get("modules") or {}
        for number in range(len(layers)):
            yield from _walk(layers.get(number + 1.0), f"{prefix}{number}.", epsilon)
        for name in KEPT:
            if isinstance(fields.get(name), Tensor):
                yield f"{prefix}{name}", _as_kernel(fields[name], fields) if name == "weight" else fields[name]
        if isinstance(fields.get("running_std"), Tensor):
            yield f"{prefix}running_var", _variance(fields["running_std"], epsilon, prefix)
        return
    for name, part in fields.items():
        if isinstance(part, Tensor):
            yield f"{prefix}{name}", part
        else:
            yield from _walk(part, f"{prefix}{name}.", epsilon)


def _as_kernel(weight: Tensor, fields: Mapping[str, Any]) -> Tensor:
    """Unfold the matrix (C_out, C_in * rows * columns) in which ``SpatialConvolutionMM`` keeps its kernels."""
    if weight.ndim != 2 or "kH" not in fields:
        return weight
    return weight.view(-1, int(fields["nInputPlane"]), int(fields["kH"]), int(fields["kW"]))


def _variance(running_std: Tensor, epsilon: float, prefix: str) -> Tensor:
    variance = running_std.double() ** -2 - epsilon
    if not (variance > 0).all():
        raise UserError(
            f"official weights: {prefix}running_std is not 1 / sqrt(variance + {epsilon:g}), "
            f"the least variance would be {variance.min():.3g}"
        )
    return variance.to(running_std.dtype)


class _Reader:
    """Reads one value after the other; every length is checked against what is left of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size, self.depth = file, size, 0
        self.known: dict[int, Any] = {}

    def value(self) -> Any:
        kind = self.number("i")
        if kind == NIL:
            return None
        if kind == NUMBER:
            return self.number("d")
        if kind == STRING:
            return self.string()
        if kind == BOOLEAN:
            return bool(self.number("i"))
        if kind not in (TABLE, OBJECT, FUNCTION, OLD_FUNCTION, RECURSIVE_FUNCTION):
            raise ValueError(f"a value of unknown kind {kind}")
        index = self.number("i")
        if index not in self.known:
            self.known[index] = None  # for a part that refers to its whole
            self.depth += 1
            if self.depth > DEEPEST:
                raise ValueError(f"more than {DEEPEST} tables within tables")
            read = {TABLE: self.table, OBJECT: self.instance}.get(kind, self.function)
            self.known[index] = read()
            self.depth -= 1
        return self.known[index]

    def table(self) -> dict[Any, Any]:
        pairs = ((self.value(), self.value()) for _ in range(self.count("i")))
        return {key: value for key, value in pairs if isinstance(key, str | float | bool)}

    def instance(self) -> Any:
        kind = self.string()
        if kind.startswith("V "):  # a version comes before the class
            kind = self.string()
        library, _, name = kind.partition(".")
        if library == "torch" and name.endswith("Tensor"):
            return self.tensor()
        if library == "torch" and name.endswith("Storage"):
            return self.storage(name.removesuffix("Storage"))
        return Object(kind, self.value())

    def tensor(self) -> Tensor:
        dimensions = self.count("i", 16)
        sizes, strides = ([self.number("q") for _ in range(dimensions)] for _ in range(2))
        offset, storage = self.number("q") - 1, self.value()
        if storage is None or not dimensions:
            return torch.empty(0)
        if math.prod(sizes) > storage.numel():
            raise ValueError(f"a tensor of {math.prod(sizes)} elements in a storage of {storage.numel()}")
        # as_strided refuses what reaches beyond the storage, and negative strides
        return torch.as_strided(storage, sizes, strides, offset).clone()

    def storage(self, kind: str) -> Tensor:
        dtype = TYPES[kind.removeprefix("Cuda") or "Cuda"]
        content = self.take(self.count("q", dtype.itemsize) * dtype.itemsize)
        return torch.frombuffer(bytearray(content), dtype=dtype) if content else torch.empty(0, dtype=dtype)

    def function(self) -> None:
        """Pass over the code of a Lua function and what it refers to."""
        self.take(self.count("i"))
        self.value()

    def string(self) -> str:
        return self.take(self.count("i")).decode("latin-1")

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.take(struct.calcsize(code)))[0]

    def count(self, code: str, each: int = 1) -> int:
        """Read a number of things that take at least ``each`` bytes."""
        count = self.number(code)
        if not 0 <= count * each <= self.size - self.file.tell():
            raise ValueError(f"a length of {count} beyond the end")
        return count

    def take(self, length: int) -> bytes:
        content = self.file.read(length)
        if len(content) < length:
            raise EOFError("it ends too early")
        return content
