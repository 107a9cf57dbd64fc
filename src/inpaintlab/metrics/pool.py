"""From the rows of pictures to one row, the way a protocol averages."""

import math
from collections.abc import Mapping
from typing import Literal

import torch

from inpaintlab.metrics.pixelwise import PSNR


class Pool:
    """Takes the rows of one output and region in picture order, one at a time, and remembers sums only.

    A value that is not a number is left out of its mean.
    """

    def __init__(self, psnr: PSNR | None, batch: int | None, last_batch: Literal["keep", "drop"]) -> None:
        """Average over pictures, or over batches of ``batch`` pictures and then over the batches.

        ``last_batch``: what becomes of a last one that is not full. One that is also the first is always kept.
        """
        self.psnr = psnr
        self.batch = batch
        self.last_batch = last_batch
        self.pictures = 0
        self.identical = 0
        self.open = _Sums()
        self.closed = _Sums()

    def add(self, row: Mapping[str, float]) -> None:
        """Add one picture's values, ``mse`` among them."""
        self.pictures += 1
        self.identical += row["mse"] == 0
        self.open.add(row)
        if self.batch is not None and self.pictures % self.batch == 0:
            self.closed.add(self._of_batch())
            self.open = _Sums()

    def means(self) -> dict[str, float | None]:
        """Return each measure's mean, None where it has none."""
        sums = self.closed.copy()
        if not (sums.totals and (self.last_batch == "drop" or not self.open.totals)):
            sums.add(self._of_batch())
        return {name: None if math.isnan(mean) else mean for name, mean in sums.values().items() if name != "mse"}

    def _of_batch(self) -> dict[str, float]:
        """Return the values of the pictures since the last full batch, as if they were one."""
        values = self.open.values()
        if "psnr" in values and self.psnr is not None and self.psnr.over == "batch":
            values["psnr"] = float(self.psnr.of(torch.tensor(values["mse"], dtype=torch.float64)))
        return values


class _Sums:
    """Sums of named values, and how many there were."""

    def __init__(self) -> None:
        self.totals: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def add(self, row: Mapping[str, float]) -> None:
        for name, value in row.items():
            there = not math.isnan(value)
            self.totals[name] = self.totals.get(name, 0.0) + (value if there else 0.0)
            self.counts[name] = self.counts.get(name, 0) + there

    def values(self) -> dict[str, float]:
        return {
            name: total / self.counts[name] if self.counts[name] else math.nan for name, total in self.totals.items()
        }

    def copy(self) -> "_Sums":
        other = _Sums()
        other.totals, other.counts = dict(self.totals), dict(self.counts)
        return other
