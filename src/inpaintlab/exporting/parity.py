"""Does the file compute what the model does? A condition of writing it, and a report beside it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json
from inpaintlab.models.portable import Portable

Run = Callable[[Sequence[Tensor]], Tensor]
Draw = Callable[[Portable, tuple[int, int], int, int], list[Tensor]]

SIZES = ((64, 64), (100, 90), (131, 77), (48, 160))
"""Heights and widths, odd ones among them; a file is traced on none of these."""
BATCHES = (1, 3)
LARGEST, MEAN, SHARE = 32.0, 0.01, 0.005
"""Grey levels of 255, and share of values: what rounding may do. An operator that is wrong changes most values."""
TIE = 0.001
"""Grey levels. So near to the middle between two of them, the model itself gives either byte by chance."""
ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """One comparison, differences in grey levels of 255."""

    size: tuple[int, int] | None
    """Height and width, None where the file takes no other than its own."""
    batch: int
    largest: float
    mean: float
    share: float
    """Of the values that differ at all."""
    known_kept: bool
    """Whether every known pixel came back bit by bit; True where none is promised to."""


@dataclass(frozen=True)
class Parity:
    """All comparisons of one file with its model."""

    model: str
    format: str
    promise: str
    megabytes: float
    time_ratio: float
    """Processor seconds of the file over those of torch, largest case, least of three; other load does not matter."""
    cases: tuple[Case, ...]

    @property
    def largest(self) -> float:
        """The largest difference."""
        return float(np.max([case.largest for case in self.cases]))  # NaN, if one is

    @property
    def mean(self) -> float:
        """The mean difference of the worst case."""
        return float(np.max([case.mean for case in self.cases]))  # NaN, if one is

    @property
    def share(self) -> float:
        """The share of values that differ, in the worst case."""
        return float(np.max([case.share for case in self.cases]))  # NaN, if one is

    def check(self) -> None:
        """Raise ``UserError`` unless the file computes what the model does."""
        changed = [case for case in self.cases if not case.known_kept]
        # Written so that NaN fails too.
        if changed or not (self.largest <= LARGEST and self.mean <= MEAN and self.share <= SHARE):
            what = "known pixels changed" if changed else f"{self.share:.2%} of the values differ"
            raise UserError(
                f"{self.format}: the file does not compute what {self.model} does ({what}, by up to {self.largest:.3g} "
                f"of 255, {self.mean:.3g} in the mean); nothing was written. Report it, with the versions of torch and "
                "of the exporter"
            )

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        worst = {"largest": self.largest, "mean": self.mean, "share": self.share}
        write_json(path, {**asdict(self), **worst})

    def text(self) -> str:
        """Return the lines that a person reads."""
        lines = [f"{self.model} as {self.format}, {self.megabytes:.2f} MB: {self.promise}", ""]
        lines.append("size       batch  largest  mean      differ")
        for case in self.cases:
            size = "its own" if case.size is None else "x".join(map(str, case.size))
            lines.append(f"{size:10} {case.batch:5}  {case.largest:<7.3g}  {case.mean:<8.2g}  {case.share:.4%}")
        lines += [
            "",
            "(differences in grey levels of 255)",
            f"processor time: {self.time_ratio:.2f} times that of torch",
        ]
        return "\n".join(lines)


@torch.no_grad()
def compare(portable: Portable, name: str, form: str, path: Path, ours: Run, theirs: Run, draw: Draw) -> Parity:
    """Run model and file on the same inputs: every size and batch, holes of all kinds.

    ``draw`` makes inputs in the file's own types, see ``contract``. Both give floats in [0, 1], or the file bytes, and
    the model what they are rounded from, 0 to 255.
    """
    free = any(slot.size is None for slot in portable.slots.values())
    cases: list[Case] = []
    inputs: Any = []
    for size in SIZES if free else SIZES[:1]:
        for batch in BATCHES:
            inputs = draw(portable, size, batch, len(cases))
            cases.append(_case(portable, size if free else None, inputs, ours(inputs), theirs(inputs)))
    largest = max(cases, key=lambda case: case.batch * (case.size or (1, 1))[0] * (case.size or (1, 1))[1])
    inputs = draw(portable, largest.size or SIZES[0], largest.batch, 0)
    ratio = _seconds(theirs, inputs) / _seconds(ours, inputs)
    return Parity(name, form, portable.promise, path.stat().st_size / 1e6, ratio, tuple(cases))


def _case(
    portable: Portable, size: tuple[int, int] | None, inputs: Sequence[Tensor], ours: Tensor, theirs: Tensor
) -> Case:
    if ours.shape != theirs.shape:
        raise UserError(f"the file gives {tuple(theirs.shape)} values, not {tuple(ours.shape)}")
    gap = find_gap(ours.double(), theirs)
    kept = True
    if portable.fills and not portable.blind:
        picture, hole = inputs
        here = (hole == 0).unsqueeze(-1) if hole.ndim == 3 else hole == 0
        kept = torch.equal(picture * here, theirs * here)
    share = (gap != 0).double().mean().item()
    return Case(size, len(inputs[0]), gap.max().item(), gap.mean().item(), share, kept)


def find_gap(ours: Tensor, theirs: Tensor) -> Tensor:
    """Return how far each value is from the model's, in grey levels; bytes, from what it rounds to."""
    if theirs.is_floating_point():
        return (ours - theirs.double()).abs() * 255
    rounded = (ours - theirs.double()).abs() <= 0.5 + TIE
    return torch.where(rounded, 0.0, (ours.round() - theirs.double()).abs())


def _seconds(run: Run, inputs: Sequence[Tensor]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run(inputs)
        taken.append(time.process_time() - start)
    return min(taken)
