"""Tables before they are Markdown, LaTeX, CSV or HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from inpaintlab.records.markdown import MEASURES

TITLES = {
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "l1": "L1",
    "mse": "MSE",
    "ms_ssim": "MS-SSIM",
    "lpips_alex": "LPIPS (Alex)",
    "lpips_vgg": "LPIPS (VGG)",
    "fid": "FID",
    "kid": "KID",
    "inception_score": "Inception Score",
    "p_ids": "P-IDS",
    "u_ids": "U-IDS",
}
"""How a measure is called in a table."""


@dataclass(frozen=True)
class Entry:
    """A number in a table."""

    text: str
    value: float | None = None
    interval: tuple[str, str] | None = None
    bounds: tuple[float, float] | None = None
    """The interval's numbers, unrounded."""
    best: bool = False


@dataclass(frozen=True)
class Line:
    """A row of a table: one method."""

    label: str
    entries: list[Entry | None]
    published: bool = False
    """Printed in a paper, not measured here."""
    note: str = ""
    cite: str = ""
    """Where a published line stands."""


@dataclass(frozen=True)
class Block:
    """The lines of one measure."""

    measure: str
    lines: list[Line]
    title: str = ""

    @property
    def name(self) -> str:
        """Return the measure's title."""
        return self.title or measure_title(self.measure)


@dataclass(frozen=True)
class Column:
    """A column and what stands above it."""

    top: str
    """Such as the bucket."""
    bottom: str = ""
    """Such as the border and the number of pictures."""
    border: str = ""
    pictures: int | None = None
    measure: str = ""
    """Of all its entries, where a column has its own."""
    quantity: str = "value"


@dataclass(frozen=True)
class Table:
    """What the four writers lay out."""

    title: str
    columns: list[Column]
    blocks: list[Block]
    notes: tuple[str, ...] = ()
    context: dict[str, str] = field(default_factory=dict)
    """What all its numbers share, for the CSV."""
    main: bool = True
    """False: shown folded where that is possible."""
    heading: str = "method"
    """What the lines are."""


def measure_title(measure: str) -> str:
    """Return the measure's title with an arrow to the better side."""
    better = MEASURES.get(measure, (4, None))[1]
    return f"{TITLES.get(measure, measure)}{' ↑' if better is max else ' ↓' if better is min else ''}"


def number(measure: str, value: float | None, bounds: tuple[float, float] | None = None) -> Entry | None:
    """Return a number with the measure's decimals; None where it does not exist."""
    if value is None or value != value:
        return None
    decimals = MEASURES.get(measure, (4, None))[0]
    written = None if bounds is None else (f"{bounds[0]:.{decimals}f}", f"{bounds[1]:.{decimals}f}")
    text = "∞" if value == float("inf") else f"{value:.{decimals}f}"
    return Entry(text, value, written, bounds)


def with_best(block: Block) -> Block:
    """Mark the best measured entry of each column, where there are several to choose from; published lines stand apart.

    Entries that read the same are equally good.
    """
    better = MEASURES.get(block.measure, (4, None))[1]
    measured = [line for line in block.lines if not line.published]
    if better is None or len(measured) < 2:
        return block
    best: list[str | None] = []
    for column in zip(*(line.entries for line in measured), strict=True):
        there = [entry for entry in column if entry is not None and entry.value is not None]
        top = better(there, key=lambda entry: entry.value) if len(there) > 1 else None
        best.append(top.text if top else None)
    lines = [line if line.published else Line(line.label, _marked(line.entries, best), note=line.note)
             for line in block.lines]  # fmt: skip
    return Block(block.measure, lines, block.title)


def _marked(entries: Sequence[Entry | None], best: Sequence[str | None]) -> list[Entry | None]:
    return [
        Entry(entry.text, entry.value, entry.interval, entry.bounds, best=entry.text == top) if entry else None
        for entry, top in zip(entries, best, strict=True)
    ]
