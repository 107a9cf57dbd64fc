"""The pictures of an evaluation as arrays: one for each cell, view and measure."""

import csv
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaintlab.records.cells import Cell, View
from inpaintlab.records.picture_rows import CSV, FILE, KEYS, PLACE, read_groups

if TYPE_CHECKING:
    import pyarrow as pa

Place = tuple[Cell, View]


@dataclass(frozen=True)
class Slice:
    """The pictures of one cell in one view, in the file's order."""

    index: np.ndarray
    """(n,) int64, of each picture in its split: within a group of comparable evaluations, which picture it is."""
    values: dict[str, np.ndarray]
    """{measure: (n,) float64}, NaN where the measure does not exist."""


PictureRows = dict[Place, Slice]


def read_rows(folder: Path) -> PictureRows:
    """Read the rows of pictures, Parquet or, of an older evaluation, CSV.

    What is no regular file, lacks a column or has no number where one belongs is a ``ValueError``.
    """
    path = next((path for path in (folder / FILE, folder / CSV) if path.exists()), folder / FILE)
    if not path.is_file():
        raise ValueError(f"{path.name}: {'no regular file' if path.exists() else 'No such file'}")
    return join(list_pieces(read_groups(path))) if path.name == FILE else read_csv(path)


def join(pieces: Iterable[tuple[Place, Slice]]) -> PictureRows:
    """Lay the pieces of each place one after the other."""
    there: dict[Place, list[Slice]] = {}
    for place, piece in pieces:
        there.setdefault(place, []).append(piece)
    return {
        place: Slice(
            np.concatenate([part.index for part in parts]),
            {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values},
        )
        for place, parts in there.items()
    }


def list_pieces(groups: "Iterable[pa.RecordBatch]") -> Iterator[tuple[Place, Slice]]:
    """Take each group of rows apart by where its numbers stand."""
    for group in groups:
        words, which = number_places(group)
        index = group.column("index").to_numpy().astype(np.int64)
        measures = [name for name in group.schema.names if name not in KEYS]
        columns = {name: group.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in measures}
        for number, word in enumerate(words):
            rows = which == number
            yield place_of(word), Slice(index[rows], {name: column[rows] for name, column in columns.items()})


def number_places(group: "pa.RecordBatch") -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Return the words of each place that the group has rows of, and (n,) which of them each row is of.

    Words are looked at once each, not once for each row: there are few of them.
    """
    columns = [group.column(name).dictionary_encode() for name in PLACE]
    codes = np.stack([column.indices.to_numpy() for column in columns])
    places, which = np.unique(codes, axis=1, return_inverse=True)
    words = [column.dictionary.to_pylist() for column in columns]
    return [tuple(word[code] for word, code in zip(words, place, strict=True)) for place in places.T], which.ravel()


def place_of(words: tuple[str, ...]) -> Place:
    """Read the words of the columns ``PLACE``."""
    named = dict(zip(PLACE, words, strict=True))
    return Cell.parse(named), View.read(named)


def read_csv(path: Path) -> PictureRows:
    """Read ``pictures.csv``, as evaluations had it before the rows were Parquet."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file)
        try:
            header = next(lines, [])
            if missing := [key for key in KEYS if key not in header]:
                raise ValueError(f"{path.name}: no column {missing[0]}")
            return _fill(lines, header)
        except (csv.Error, OverflowError) as error:
            raise ValueError(f"{path.name}: {error}") from error


def _fill(lines: Iterator[list[str]], header: list[str]) -> PictureRows:
    at = {name: position for position, name in enumerate(header)}
    measures = [name for name in header if name not in KEYS]
    places: dict[tuple[str, ...], Place] = {}  # a file has few places and many lines
    columns: dict[Place, tuple[array[int], list[array[float]]]] = {}
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{CSV}: {len(line)} values in a line, expected {len(header)}")
        where = tuple(line[at[name]] for name in PLACE)
        if where not in places:
            places[where] = place_of(where)
            columns.setdefault(places[where], (array("q"), [array("d") for _ in measures]))
        index, values = columns[places[where]]
        index.append(int(line[at["index"]]))
        for name, numbers in zip(measures, values, strict=True):
            numbers.append(float(line[at[name]] or "nan"))
    return {
        place: Slice(np.frombuffer(index, np.int64), dict(zip(measures, map(np.frombuffer, values), strict=True)))
        for place, (index, values) in columns.items()
    }
