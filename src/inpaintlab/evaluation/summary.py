"""From the whole journal to ``pictures.parquet``, the means and the cost, one batch in memory at a time."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from inpaintlab.basics.files import write_file
from inpaintlab.evaluation.holes import list_pools
from inpaintlab.evaluation.journal import Journal, Line
from inpaintlab.evaluation.setup import Setup
from inpaintlab.records.cells import Cell, View
from inpaintlab.records.measures import columns_of
from inpaintlab.records.picture_rows import FILE, PictureWriter
from inpaintlab.records.rows import Means

if TYPE_CHECKING:
    from inpaintlab.metrics.protocol import Pool


@dataclass
class Effort:
    """What all batches took together."""

    predict_seconds: float = 0.0
    score_seconds: float = 0.0
    features_seconds: float = 0.0
    peak_memory_mb: float | None = None

    def add(self, line: Line) -> None:
        """Add one batch's seconds, and keep the highest memory."""
        for field in fields(self)[:3]:
            seconds = line["cost"][field.name.removesuffix("_seconds")]
            setattr(self, field.name, getattr(self, field.name) + seconds)
        known = [memory for memory in (self.peak_memory_mb, line["cost"]["memory"]) if memory is not None]
        self.peak_memory_mb = max(known, default=None)


def summarise(setup: Setup, journal: Journal) -> tuple[list[Means], Effort]:
    """Write ``pictures.parquet``; return the means, pool by pool and view by view, and what it took."""
    cells = list_pools(setup.cells)
    pools: list[dict[View, Pool]] = [{} for _ in cells]
    effort = Effort()

    def write(temporary: Path) -> None:
        with ExitStack() as opened:
            file = None
            for line in journal.lines():
                file = file or opened.enter_context(PictureWriter(temporary, columns_of_line(line)))
                effort.add(line)
                own = [pool for pool, (_, parts) in zip(pools, cells, strict=True) if line["cell"] in parts]
                for place, view, values in walk(line):
                    file.add(setup.cells[line["cell"]], view, line["pictures"][place], values)
                    for pool in own:
                        if view not in pool:
                            pool[view] = setup.protocols[view.protocol].pool()
                        pool[view].add(values)

    write_file(setup.output / FILE, write)
    return [means(cell, view, pool) for (cell, _), views in zip(cells, pools, strict=True)
            for view, pool in views.items()], effort  # fmt: skip


def means(cell: Cell, view: View, pool: "Pool") -> Means:
    """Return what a pool of pictures comes to."""
    return Means(cell, view, pool.pictures, pool.identical, pool.means())


def walk(line: Line) -> Iterator[tuple[int, View, dict[str, float]]]:
    """Walk through a batch, picture by picture: (place in the batch, view, {column: value})."""
    for place in range(len(line["pictures"])):
        for protocol, outputs in line["scores"].items():
            for output, regions in outputs.items():
                for region, measures in regions.items():
                    values = {name: numbers[place] for name, numbers in measures.items()}
                    yield place, View(protocol, output, region), values


def columns_of_line(line: Line) -> list[str]:
    """Return the columns of numbers, which every batch has alike, in the order of the table of measures."""
    names = {
        name
        for outputs in line["scores"].values()
        for regions in outputs.values()
        for measures in regions.values()
        for name in measures
    }
    return [name for name in ("mse", *columns_of("picture")) if name in names]
