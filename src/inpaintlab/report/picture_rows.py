"""``pictures.csv``: one line per picture and view, read into one array per measure."""

import csv
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inpaintlab.basics.csv_cells import raw_cell
from inpaintlab.records.cells import Cell, View
from inpaintlab.records.rows import KEYS


@dataclass(frozen=True)
class Slice:
    """The pictures of one cell in one view, in the file's order."""

    keys: list[tuple[int, str]]
    """(index, name) of each picture."""
    values: dict[str, np.ndarray]
    """{measure: (n,) float64}, NaN where the measure does not exist."""


PictureRows = dict[tuple[Cell, View], Slice]


def read_rows(path: Path) -> PictureRows:
    """Read the file; what is no regular file, lacks a column or has no number where one belongs is a ``ValueError``."""
    if not path.is_file():
        raise ValueError(f"{path.name}: {'no regular file' if path.exists() else 'No such file'}")
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file)
        try:
            header = next(lines, [])
            if missing := [key for key in KEYS if key not in header]:
                raise ValueError(f"{path.name}: no column {missing[0]}")
            return _fill(lines, header)
        except csv.Error as error:
            raise ValueError(f"{path.name}: {error}") from error


def _fill(lines: Iterator[list[str]], header: list[str]) -> PictureRows:
    at = {name: position for position, name in enumerate(header)}
    measures = [name for name in header if name not in KEYS]
    pictures: dict[tuple[int, str], tuple[int, str]] = {}  # each picture comes once per cell and view; kept once
    places: dict[tuple[str, ...], tuple[Cell, View]] = {}
    columns: dict[tuple[Cell, View], tuple[list[tuple[int, str]], list[array[float]]]] = {}
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"pictures.csv: {len(line)} values in a line, expected {len(header)}")
        where = tuple(line[at[name]] for name in ("bucket", "border", "protocol", "output", "region"))
        if where not in places:  # a file has few places and many lines
            named = dict(zip(("bucket", "border", "protocol", "output", "region"), where, strict=True))
            places[where] = Cell.parse(named), View.read(named)
        cell, view = places[where]
        if (cell, view) not in columns:
            columns[cell, view] = [], [array("d") for _ in measures]
        keys, values = columns[cell, view]
        key = int(line[at["index"]]), raw_cell(line[at["name"]])
        keys.append(pictures.setdefault(key, key))
        for name, numbers in zip(measures, values, strict=True):
            numbers.append(float(line[at[name]] or "nan"))
    return {
        where: Slice(keys, {m: np.frombuffer(v) for m, v in zip(measures, values, strict=True)})
        for where, (keys, values) in columns.items()
    }
