"""From the whole journal to ``pictures.csv`` and the rows of means, one batch in memory at a time."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from inpaintlab.basics.files import write_file
from inpaintlab.evaluation.cells import list_pools
from inpaintlab.evaluation.job import Job
from inpaintlab.evaluation.journal import Journal, Line
from inpaintlab.records.markdown import bucket_name

if TYPE_CHECKING:
    from inpaintlab.metrics.protocol import Pool

KEYS = ("bucket", "border", "index", "name", "hole_ratio", "protocol", "output", "region")
MEASURES = ("mse", "psnr", "ssim", "l1", "ms_ssim", "lpips_alex", "lpips_vgg")
"""The order of the columns; what else a protocol needs for its means comes after these."""
View = tuple[str, str, str]
"""(protocol, output, region)."""
Row = dict[str, Any]


class Means:
    """The pools of every view over one set of cells."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.pools: dict[View, Pool] = {}

    def add(self, view: View, values: dict[str, float]) -> None:
        """Add one picture's values of one view."""
        if view not in self.pools:
            self.pools[view] = self.job.protocols[view[0]].pool()
        self.pools[view].add(values)

    def rows(self) -> list[Row]:
        """Return {protocol, output, region, pictures, identical, psnr, ...} of each view."""
        names = ("protocol", "output", "region")
        return [{**dict(zip(names, view, strict=True)), **pool.result()} for view, pool in self.pools.items()]


def summarise(job: Job, journal: Journal) -> tuple[list[Row], Row]:
    """Write ``pictures.csv``; return the rows of means, and the sums of the cost."""
    pools = list_pools(job.cells)
    means = [Means(job) for _ in pools]
    cost: Row = {"predict_seconds": 0.0, "score_seconds": 0.0, "features_seconds": 0.0, "peak_memory_mb": None}

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            table = None
            for line in journal.lines():
                table = table or Table(job, file, columns_of(line))
                add_cost(cost, line)
                into = [mean for mean, (_, cells) in zip(means, pools, strict=True) if line["cell"] in cells]
                for place, view, values in walk(line):
                    table.write(line, place, view, values)
                    for mean in into:
                        mean.add(view, values)

    write_file(job.output / "pictures.csv", write)
    rows = [{**where, **row} for (where, _), mean in zip(pools, means, strict=True) for row in mean.rows()]
    return rows, cost


def walk(line: Line) -> Iterator[tuple[int, View, dict[str, float]]]:
    """Walk through a batch, picture by picture: (place in the batch, view, {column: value})."""
    for place in range(len(line["pictures"])):
        for protocol, outputs in line["scores"].items():
            for output, regions in outputs.items():
                for region, measures in regions.items():
                    values = {name: numbers[place] for name, numbers in measures.items()}
                    yield place, (protocol, output, region), values


def columns_of(line: Line) -> list[str]:
    """Return the columns of numbers, which every batch has alike."""
    found = dict.fromkeys(
        name
        for outputs in line["scores"].values()
        for regions in outputs.values()
        for measures in regions.values()
        for name in measures
    )
    return [*(name for name in MEASURES if name in found), *(name for name in found if name not in MEASURES)]


class Table:
    """``pictures.csv`` while it is written: one line per picture and view, nine significant digits."""

    def __init__(self, job: Job, file: TextIO, columns: list[str]) -> None:
        self.columns = columns
        self.cells = [(bucket_name(cell.where["bucket"]), cell.border) for cell in job.cells]
        self.writer = csv.writer(file, lineterminator="\n")
        self.writer.writerow([*KEYS, *columns])

    def write(self, line: Line, place: int, view: View, values: dict[str, float]) -> None:
        """Write one line; what does not exist stays empty."""
        index, name, ratio = line["pictures"][place]
        numbers = [as_text(values.get(column, math.nan)) for column in self.columns]
        self.writer.writerow([*self.cells[line["cell"]], index, name, as_text(ratio), *view, *numbers])


def as_text(value: float) -> str:
    """Write a number, or nothing for one that does not exist."""
    return "" if math.isnan(value) else f"{value:.9g}"


def add_cost(cost: Row, line: Line) -> None:
    """Add one batch's seconds, and keep the highest memory."""
    for name in ("predict", "score", "features"):
        cost[f"{name}_seconds"] += line["cost"][name]
    there = [one for one in (cost["peak_memory_mb"], line["cost"]["memory"]) if one is not None]
    cost["peak_memory_mb"] = max(there, default=None)
