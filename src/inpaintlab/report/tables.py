"""Tables before they are Markdown, LaTeX, CSV or HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from inpaintlab.records.cells import Cell
from inpaintlab.records.measures import MEASURES, is_number


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
    """The folder that a run's numbers come from."""
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
    """Of all its entries, where a column has its own; ``top`` is then no place but its title."""
    quantity: str = "value"
    cell: Cell | None = None
    """Where its numbers stand, if they are of one cell."""


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
    """Return the measure's title with an arrow to the better side; what is no measure of ours is called as it is."""
    return MEASURES[measure].heading if measure in MEASURES else measure


def number(measure: str, value: float | None, bounds: tuple[float, float] | None = None) -> Entry | None:
    """Return a number with the measure's decimals; None where it does not exist."""
    if value is None or not is_number(value):
        return None
    text = MEASURES[measure].text
    return Entry(text(value), value, None if bounds is None else (text(bounds[0]), text(bounds[1])), bounds)


def with_best(block: Block) -> Block:
    """Mark the best measured entry of each column, where there are several to choose from; published lines stand apart.

    Entries that read the same are equally good.
    """
    measured = [line for line in block.lines if not line.published]
    if block.measure not in MEASURES or len(measured) < 2:
        return block
    best: list[str | None] = []
    for column in zip(*(line.entries for line in measured), strict=True):
        texts = {entry.value: entry.text for entry in column if entry is not None and entry.value is not None}
        several = sum(entry is not None and entry.value is not None for entry in column) > 1
        top = MEASURES[block.measure].best(texts) if several else None
        best.append(None if top is None else texts[top])
    lines = [line if line.published else replace(line, entries=_marked(line.entries, best)) for line in block.lines]
    return replace(block, lines=lines)


def _marked(entries: Sequence[Entry | None], best: Sequence[str | None]) -> list[Entry | None]:
    return [entry and replace(entry, best=entry.text == top) for entry, top in zip(entries, best, strict=True)]


def upper_heads(columns: Sequence[Column]) -> list[tuple[str, int]]:
    """Return (text, columns that it spans) of the upper header row."""
    spans: list[tuple[str, int]] = []
    for column in columns:
        if spans and spans[-1][0] == column.top:
            spans[-1] = column.top, spans[-1][1] + 1
        else:
            spans.append((column.top, 1))
    return spans
