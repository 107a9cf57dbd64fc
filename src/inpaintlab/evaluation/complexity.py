"""What a model costs: parameters, multiply-adds, time and memory of filling pictures as ``predict`` fills them.

**Multiply-adds** are counted on the network as it runs: the products of convolutions, linear layers and matrix
products, those with padded zeros among them. A transposed convolution has one window for each place of its INPUT;
counters that take its output's places find four times as many at stride 2. A partial convolution counts as a
convolution, a mask-aware dynamic filter as the 17 convolutions that it is. Nothing else counts: biases, normalisation,
activations, products point by point, resizing, the mask's way through partial convolutions, sparse solvers.

**Latency** is the median over runs that follow two unmeasured ones, with PyTorch's default precision.

**Peak memory** holds weights and all. On a GPU it is what PyTorch's allocator gave out at most. On the CPU a fresh
process loads the libraries, then builds the model and fills one batch: the resident memory that this added at most. It
is coarse, a few MiB more or less.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from hydra.utils import get_class, instantiate
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from inpaintlab.basics.provenance import peak_memory_mb
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.loading import load_given
from inpaintlab.models.padding import inpaint_any_size

WARM_UP = 2
"""Runs before the measured ones: the first of all loads kernels and fills caches."""


@dataclass(frozen=True)
class Subject:
    """What is measured, as plain data, so that another process can build it too; one of ckpt and model is None."""

    ckpt: str | None
    model: dict[str, Any] | None
    """``_target_`` and its arguments; untrained weights cost as much as trained ones."""
    mask: dict[str, Any]
    """``_target_`` and arguments of the maker."""
    trust: str | None = None
    """Packages whose classes a checkpoint may name, see ``models.building.find_class``."""

    def build(self, device: torch.device) -> tuple[InpaintingModule, dict[str, Any]]:
        """Return the model on ``device`` in eval mode, and what it was trained on, as far as is known."""
        if self.ckpt is not None:
            return load_given(self.ckpt, None, device, self.trust)
        return instantiate(self.model, _convert_="all").to(device).eval(), {}

    def batch(self, size: int, count: int, channels: int, device: torch.device) -> Batch:
        """Return ``count`` times a photograph of ``size`` x ``size`` pixels, each with a mask of its own."""
        from skimage.data import astronaut  # carried by the wheel

        photograph = Image.fromarray(astronaut()).convert("L" if channels == 1 else "RGB").resize((size, size))
        pixels = torch.frombuffer(bytearray(photograph.tobytes()), dtype=torch.uint8).view(size, size, channels)
        maker = instantiate(self.mask, _convert_="all").for_split("test")
        known = [maker((size, size), torch.Generator().manual_seed(index)) for index in range(count)]
        image = (pixels.permute(2, 0, 1).float() / 255).expand(count, -1, -1, -1)
        return Batch(image.contiguous().to(device), torch.stack(known).to(device))


class Counter(TorchDispatchMode):
    """Adds up the multiply-adds of all operations within a ``with``, by torch's formulas or by others of their form.

    Torch's own ``FlopCounterMode`` also follows the modules, and that stops a latent search: it cannot be told which
    module a gradient with respect to a tensor without parameters belongs to.
    """

    def __init__(self, formulas: Mapping[Any, Callable[..., int]] = flop_registry) -> None:
        super().__init__()
        self.formulas = formulas
        self.operations = 0

    @property
    def multiply_adds(self) -> int:
        """So far; torch's formulas count a multiply-add as two operations."""
        return self.operations // 2

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation, and count it."""
        result = func(*args, **(kwargs or {}))
        if formula := self.formulas.get(func.overloadpacket):
            self.operations += formula(*args, **(kwargs or {}), out_val=result)
        return result


def count_parameters(model: InpaintingModule) -> dict[str, Any]:
    """Return {parameters, parameters_trainable, parameters_by_part: {name of the module: count}}."""
    parts = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "parameters_trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "parameters_by_part": {name: count for name, count in parts.items() if count},
    }


def multiply_adds(model: InpaintingModule, batch: Batch) -> int | None:
    """Count the multiply-adds of filling the whole batch; None for a method without parameters."""
    if next(model.parameters(), None) is None:
        return None
    with Counter() as counter:
        fill(model, batch)
    return counter.multiply_adds


def latency(model: InpaintingModule, batch: Batch, repeats: int) -> float:
    """Return the median of ``repeats`` runs, in milliseconds per picture."""
    seconds = []
    for _ in range(WARM_UP + repeats):
        _wait(batch.image.device)
        start = time.perf_counter()
        fill(model, batch)
        _wait(batch.image.device)
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds[WARM_UP:]) / len(batch.image)


def peak_memory(subject: Subject, model: InpaintingModule, batch: Batch) -> float | None:
    """Return the peak memory of filling the batch once, in MiB; None where it cannot be told.

    On a GPU ``model`` is measured; on the CPU another process builds ``subject`` and the same batch.
    """
    device = batch.image.device
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        fill(model, batch)
        return peak_memory_mb(device)
    if device.type != "cpu" or peak_memory_mb(device) is None:
        return None
    count, channels, size, _ = batch.image.shape
    task = {"subject": asdict(subject), "size": size, "count": count, "channels": channels}
    words = [sys.executable, "-m", "inpaintlab.evaluation.complexity"]
    child = subprocess.run(words, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
    return float(child.stdout.splitlines()[-1])


def fill(model: InpaintingModule, batch: Batch) -> torch.Tensor:
    """Fill the batch as ``predict`` does, padded where the network needs it: (B, C, H, W)."""
    with torch.no_grad():
        return inpaint_any_size(model, batch.corrupted, batch.known)


def _wait(device: torch.device) -> None:
    """Let the device finish: it computes on while Python goes ahead."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _added_memory(subject: Mapping[str, Any], size: int, count: int, channels: int) -> float:
    """Return what building the model and filling one batch adds to this process at most, in MiB."""
    cpu = torch.device("cpu")
    what = Subject(**subject)
    batch = what.batch(size, count, channels, cpu)
    if what.model is not None:
        get_class(what.model["_target_"])  # its libraries are not its own memory
    _forget_peak()
    before = _peak()
    model, _ = what.build(cpu)
    if what.ckpt is not None:
        _forget_peak()  # reading a checkpoint holds the weights twice for a moment
    fill(model, batch)
    return round(max(0.0, _peak() - before), 1)


def _forget_peak() -> None:
    """Let the peak be what is resident now, on Linux; elsewhere the peak of the process so far stays."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the peak of this process in MiB. Linux's ``ru_maxrss`` would begin with that of the parent."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 2**10
    return peak_memory_mb(torch.device("cpu")) or 0.0


if __name__ == "__main__":
    print(_added_memory(**json.load(sys.stdin)))
