"""The one table of measures: what each is called, how it is written, which side is better, and where it applies.

Whoever needs a list of measures takes it from here, so that a new one is a row of this table, a class in ``metrics/``
and a line in the protocols that have it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

REGIONS = ("full", "hole", "boundary")
"""The whole picture, the pixels of the hole, and a band along its edge."""
REGION_TITLES = {"full": "whole picture", "hole": "inside the hole", "boundary": "band along the hole's edge"}


@dataclass(frozen=True)
class Measure:
    """One row. ``name`` is the column in every file."""

    name: str
    title: str
    decimals: int
    better: Literal["higher", "lower"] | None
    """None: no side is better."""
    of: Literal["picture", "set"]
    """Each picture has one and means are taken, or it compares whole sets of pictures (FID and its kin)."""
    regions: tuple[str, ...] = REGIONS
    """Where it exists."""
    word: str = ""
    """By which it is asked for (``measures=``, a protocol's ``measures`` and ``regions``); empty: its name."""
    usual: bool = False
    """Every evaluation has it where its protocol does, unless ``measures=`` says otherwise: needs no weights."""
    watched: bool = False
    """Computed while a model trains."""
    perceptual: bool = False
    """Made to agree with eyes rather than with pixels."""

    @property
    def asked(self) -> str:
        """The word by which it is asked for."""
        return self.word or self.name

    @property
    def heading(self) -> str:
        """The title with an arrow to the better side."""
        return self.title + self.arrow

    @property
    def arrow(self) -> str:
        """Points to the better side."""
        return {"higher": " ↑", "lower": " ↓", None: ""}[self.better]

    def text(self, value: float) -> str:
        """Write a value with the measure's decimals."""
        return "∞" if value == float("inf") else f"{value:.{self.decimals}f}"

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of several values; None where no side is better or there is none."""
        there = list(values)
        if self.better is None or not there:
            return None
        return max(there) if self.better == "higher" else min(there)


WHOLE = ("full",)
TABLE = (
    Measure("psnr", "PSNR (dB)", 2, "higher", "picture", usual=True, watched=True),
    Measure("ssim", "SSIM", 4, "higher", "picture", usual=True, watched=True),
    Measure("l1", "L1", 4, "lower", "picture", usual=True, watched=True),
    Measure("ms_ssim", "MS-SSIM", 4, "higher", "picture", WHOLE, perceptual=True),
    Measure("gmsd", "GMSD", 4, "lower", "picture", WHOLE, usual=True, perceptual=True),
    Measure("lpips", "LPIPS", 4, "lower", "picture", WHOLE),  # of runs trained before its network was in the name
    Measure("lpips_alex", "LPIPS (Alex)", 4, "lower", "picture", WHOLE, word="lpips", perceptual=True),
    Measure("lpips_vgg", "LPIPS (VGG)", 4, "lower", "picture", WHOLE, word="lpips", perceptual=True),
    Measure("fid", "FID", 2, "lower", "set", WHOLE),
    Measure("kid", "KID", 5, "lower", "set", WHOLE),
    Measure("inception_score", "Inception Score", 3, "higher", "set", WHOLE),
    Measure("p_ids", "P-IDS", 2, "higher", "set", WHOLE, word="ids"),
    Measure("u_ids", "U-IDS", 2, "higher", "set", WHOLE, word="ids"),
)
MEASURES = {measure.name: measure for measure in TABLE}
"""In the order of every table."""
AUXILIARY = ("pictures", "identical", "mse")
"""Numbers that stand beside the measures: how many pictures, how many of them met exactly, and the squared error (of
values from 0 to 255) from which batches are averaged. They are no measures and never best."""


def columns_of(kind: Literal["picture", "set"]) -> tuple[str, ...]:
    """Return the names of all measures of pictures, or of sets."""
    return tuple(measure.name for measure in TABLE if measure.of == kind)


def words_of(*kinds: Literal["picture", "set"]) -> tuple[str, ...]:
    """Return the words by which the measures of these kinds are asked for, in the order of the kinds."""
    return tuple(dict.fromkeys(measure.asked for kind in kinds for measure in TABLE if measure.of == kind))


def usual_words() -> tuple[str, ...]:
    """Return the words of what is measured unless something else is asked for."""
    return tuple(measure.asked for measure in TABLE if measure.usual)


def column_name(measure: str, region: str) -> str:
    """Name a measure of a region in one flat row: ``psnr``, ``psnr_hole``, ``psnr_boundary``."""
    return measure if region == "full" else f"{measure}_{region}"


def watched_columns() -> tuple[str, ...]:
    """Return the columns that training computes: its measures in full, then in the hole."""
    return tuple(column_name(m.name, region) for region in ("full", "hole") for m in TABLE if m.watched)


def measure_of(column: str) -> tuple[Measure, str] | None:
    """Return (measure, region) of a column of a flat row; None for a column of something else."""
    for region in REGIONS:
        measure = MEASURES.get(column.removesuffix(f"_{region}") if region != "full" else column)
        if measure and region in measure.regions and column_name(measure.name, region) == column:
            return measure, region
    return None


def column_title(column: str) -> str:
    """Return the title, with its arrow, of a column of a flat row; what is no measure is called as it is."""
    placed = measure_of(column)
    if placed is None:
        return column
    measure, region = placed
    return measure.heading if region == "full" else f"{measure.title}, {region}{measure.arrow}"


def best_of(column: str, rows: Sequence[dict[str, Any]]) -> float | None:
    """Return the best value that several rows have of a column; None where fewer than two have one."""
    placed = measure_of(column)
    there = [row[column] for row in rows if is_number(row.get(column))]
    return placed[0].best(there) if placed and len(there) > 1 else None


def is_number(value: Any) -> bool:
    """Tell whether a value exists: neither None nor not-a-number."""
    return value is not None and value == value
