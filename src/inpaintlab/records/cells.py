"""Where a number stands: bucket of hole ratios, cell, view. Values that order, print and parse themselves."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, Literal

from inpaintlab.records.measures import REGION_TITLES, REGIONS

OUTPUTS = ("completed", "prediction")
"""The picture with its known pixels put back, and what the model itself says."""
FORMER_OUTPUTS = {"composited": "completed", "raw": "prediction"}
"""What files written before schema 3 call them."""
BORDERS = ("any", "touch", "clear", "free")
"""Whether holes may reach the picture's border; ``free`` is PConv's column B, NVIDIA's files that may."""
KINDS = ("ratio", "all", "regular", "as they are")


@total_ordering
@dataclass(frozen=True)
class Bucket:
    """Shares of hole pixels, low < share <= high; or a kind without bounds. Sorts by ratio, the other kinds last."""

    low: float | None = None
    high: float | None = None
    kind: Literal["ratio", "all", "regular", "as they are"] = "ratio"
    """``all`` ratios pooled; ``regular``, the central square of half the side; the masks ``as they are``."""

    @classmethod
    def read(cls, plain: Sequence[float] | str | None) -> "Bucket":
        """Make one of plain data: [low, high], ``all``, ``regular``, or None for the masks as they are."""
        if plain is None:
            return AS_THEY_ARE
        if isinstance(plain, str):
            if plain not in ("all", "regular"):
                raise ValueError(f"bucket {plain}: expected [low, high], all, regular or null")
            return cls(kind=plain)  # type: ignore[arg-type]
        return cls(*bounds_of(plain))

    @classmethod
    def parse(cls, text: str) -> "Bucket":
        """Read what ``str`` has written."""
        if text in KINDS[1:]:
            return cls(kind=text)  # type: ignore[arg-type]
        bounds = re.fullmatch(r"\(([^,]+), ([^,]+)\]", text)
        if bounds is None:
            raise ValueError(f"bucket {text}: expected (low, high], {', '.join(KINDS[1:])}")
        return cls(*bounds_of(bounds.groups()))

    @property
    def plain(self) -> list[float] | str | None:
        """What JSON holds, see ``read``."""
        if self.is_ratio:
            return list(self._bounds)
        return None if self.kind == "as they are" else self.kind

    @property
    def is_ratio(self) -> bool:
        """Whether it has bounds, and so belongs to the pool of all ratios."""
        return self.kind == "ratio"

    @property
    def middle(self) -> float:
        """The middle of the bounds."""
        return round(sum(self._bounds) / 2, 6)

    @property
    def key(self) -> str:
        """A name without a dot: ``10-20``, ``1p5-10`` (from 1.5 percent), ``all``, ``regular``, ``as_they_are``."""
        if not self.is_ratio:
            return self.kind.replace(" ", "_")
        return "-".join(f"{100 * edge:g}" for edge in self._bounds).replace(".", "p")

    def __str__(self) -> str:
        """Return ``(0.1, 0.2]``, ``all``, ``regular`` or ``as they are``."""
        return "({:g}, {:g}]".format(*self._bounds) if self.is_ratio else self.kind

    def __lt__(self, other: "Bucket") -> bool:
        """Sort by ratio, then all, regular, as they are."""
        return self._place < other._place

    @property
    def _bounds(self) -> tuple[float, float]:
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    @property
    def _place(self) -> tuple[int, float, float]:
        return (KINDS.index(self.kind), *(self._bounds if self.is_ratio else (0.0, 0.0)))


ALL, REGULAR, AS_THEY_ARE = Bucket(kind="all"), Bucket(kind="regular"), Bucket(kind="as they are")


@total_ordering
@dataclass(frozen=True)
class Cell:
    """One bucket and one border class. The pool of all buckets has the border ``all``."""

    bucket: Bucket
    border: str = "any"

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "Cell":
        """Make one of a row {bucket, border, ...} of JSON; no border is any."""
        return cls(Bucket.read(plain["bucket"]), text_of(plain["border"] or "any"))

    @classmethod
    def parse(cls, line: Mapping[str, str]) -> "Cell":
        """Make one of a line of CSV, whose columns bucket and border hold text."""
        return cls(Bucket.parse(line["bucket"]), line["border"] or "any")

    @property
    def plain(self) -> dict[str, Any]:
        """{bucket, border} for JSON."""
        return {"bucket": self.bucket.plain, "border": self.border}

    @property
    def folder(self) -> str:
        """Where the cell's pictures and masks lie: ``0.1-0.2/touch``, ``regular``, ``as_they_are``."""
        if not self.bucket.is_ratio:
            return self.bucket.key
        return f"{self.bucket.low:g}-{self.bucket.high:g}/{self.border}"

    @property
    def key(self) -> str:
        """A name without a dot, with the border's rule where there is one: ``10-20_touch``."""
        return self.bucket.key if self.has_no_rule else f"{self.bucket.key}_{self.border}"

    @property
    def has_no_rule(self) -> bool:
        """Whether holes may lie anywhere."""
        return self.border in ("any", "all")

    def parts(self, cells: Iterable["Cell"]) -> list["Cell"]:
        """Return those of ``cells`` whose pictures make it up: itself, or for ``all`` every bucket of ratios."""
        if self.bucket != ALL:
            return [self]
        return [one for one in cells if one.bucket.is_ratio and (self.has_no_rule or one.border == self.border)]

    def __str__(self) -> str:
        """Say it in words: ``hole ratio (0.1, 0.2], touch``."""
        border = "" if self.has_no_rule else f", {self.border}"
        if self.bucket == ALL:
            return f"all hole ratios{border}"
        return f"{'hole ratio' if self.bucket.is_ratio else 'masks'} {self.bucket}{border}"

    def __lt__(self, other: "Cell") -> bool:
        """Sort by bucket, and within one any, touch, clear, all."""
        return self._place < other._place

    @property
    def _place(self) -> tuple[Bucket, int, str]:
        borders = (*BORDERS, "all")
        return self.bucket, borders.index(self.border) if self.border in borders else len(borders), self.border


POOL = Cell(ALL, "all")
"""All buckets of ratios, with every border."""


def sum_first(cell: Cell) -> tuple[bool, Cell]:
    """Sort key of tables for readers: what sums the others up stands first."""
    return cell.bucket != ALL, cell


@total_ordering
@dataclass(frozen=True)
class View:
    """What is scored, and how: by which protocol, of which output, in which region."""

    protocol: str
    output: str
    region: str

    @classmethod
    def read(cls, plain: Mapping[str, str]) -> "View":
        """Make one of a row or a line {protocol, output, region, ...}; former names of outputs are understood."""
        protocol, output, region = (text_of(plain[name]) for name in ("protocol", "output", "region"))
        return cls(protocol, output_of(output), region)

    @property
    def plain(self) -> dict[str, str]:
        """{protocol, output, region}."""
        return {"protocol": self.protocol, "output": self.output, "region": self.region}

    def in_region(self, region: str) -> "View":
        """Return the view of another region."""
        return View(self.protocol, self.output, region)

    def __str__(self) -> str:
        """Say it in words: ``Whole picture, completed, protocol standard``."""
        region = REGION_TITLES.get(self.region, self.region)
        return f"{region[0].upper()}{region[1:]}, {self.output}, protocol {self.protocol}"

    def __lt__(self, other: "View") -> bool:
        """Sort by protocol, output and region, the whole picture first."""
        return self._place < other._place

    @property
    def _place(self) -> tuple[str, str, int]:
        return self.protocol, self.output, REGIONS.index(self.region) if self.region in REGIONS else len(REGIONS)


def bounds_of(plain: Iterable[Any]) -> tuple[float, float]:
    """Read the bounds of a bucket; ``ValueError`` unless they are two finite numbers."""
    low, high = map(float, plain)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"bucket [{low}, {high}]: expected finite bounds")
    return low, high


def text_of(value: Any) -> str:
    """Return a word of a file; ``ValueError`` for what is none."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a word, got {value!r:.60}")
    return value


def output_of(word: str) -> str:
    """Return an output's name, also where a file calls it by a former one."""
    return FORMER_OUTPUTS.get(word, word)


def own_output(blind: bool) -> str:
    """Return the output by which a model is judged: a blind one by its whole prediction, all others completed."""
    return "prediction" if blind else "completed"
