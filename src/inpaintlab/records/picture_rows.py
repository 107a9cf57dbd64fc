"""``pictures.parquet``: a row for each picture, cell and view of an evaluation, exact to the last bit.

Its columns are ``KEYS``, then the squared error and the measures, empty where one does not exist. The rows stand in the
order of cells and pictures, in groups of ``GROUP``: the bytes follow from the numbers alone, and memory from none.
``pictures.csv`` is the same in text, for whom asks for it; evaluations made before the table was Parquet have it alone.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaintlab.basics.csv_cells import safe_cell
from inpaintlab.basics.files import printable, write_file
from inpaintlab.records.cells import Cell, View
from inpaintlab.records.measures import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

FILE, CSV = "pictures.parquet", "pictures.csv"
PLACE = ("bucket", "border", "protocol", "output", "region")
"""The columns that say where a number stands: few different words, in many rows."""
KEYS = ("bucket", "border", "index", "name", "hole_ratio", "protocol", "output", "region")
"""The columns before those of the measures."""
READ = frozenset([*PLACE, "index", "mse", *columns_of("picture")])
"""The columns that are read; a file of anybody's may have thousands more, which would take memory by their rows."""
GROUP = 2**15
"""Rows that are in memory at once."""
LARGEST = 2**24
"""Rows of a file that is read: 12,000 pictures in 6 buckets, seen in 200 ways, and some."""


class PictureWriter(AbstractContextManager["PictureWriter"]):
    """The file while it is written, row by row."""

    def __init__(self, path: Path, measures: Sequence[str]) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        word = pa.dictionary(pa.int32(), pa.string())
        kinds = dict.fromkeys((*PLACE, "name"), word) | {"index": pa.int64(), "hole_ratio": pa.float64()}
        names = (*KEYS, *measures)
        self.schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
        self.measures, self.columns = tuple(measures), {name: [] for name in names}
        self.file = ParquetWriter(path, self.schema, compression="zstd")

    def add(self, cell: Cell, view: View, picture: tuple[int, str, float], values: Mapping[str, float]) -> None:
        """Write one row; ``picture`` is (index, name, hole ratio), and a value that is not a number does not exist."""
        index, name, ratio = picture
        where = (str(cell.bucket), cell.border, index, printable(name), ratio, view.protocol, view.output, view.region)
        for column, word in zip(KEYS, where, strict=True):
            self.columns[column].append(word)
        for measure in self.measures:
            value = values.get(measure, math.nan)
            self.columns[measure].append(None if math.isnan(value) else value)
        if len(self.columns["index"]) == GROUP:
            self._write_group()

    def __exit__(self, *_: object) -> None:
        if self.columns["index"]:
            self._write_group()
        self.file.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        self.file.write_table(pa.table(self.columns, self.schema))
        self.columns = {name: [] for name in self.columns}


def read_groups(path: Path) -> Iterator["pa.RecordBatch"]:
    """Give the rows in pieces: places, numbers of pictures, and the measures that are known here.

    The file may be anybody's: ``ValueError`` for what is none, too large, or lacks a column of the right kind.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with path.open("rb") as source:
            file = ParquetFile(source)
            columns = [name for name in file.schema_arrow.names if name in READ]
            _check(file.schema_arrow, columns, file.metadata.num_rows)
            for group in file.iter_batches(GROUP, columns=columns):
                group.validate(full=True)
                if empty := [name for name in (*PLACE, "index") if group.column(name).null_count]:
                    raise ValueError(f"{FILE}: column {empty[0]} has empty places")
                yield group
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def write_csv(folder: Path) -> None:
    """Write ``pictures.csv`` beside the folder's ``pictures.parquet``, with nine significant digits."""
    from pyarrow.parquet import ParquetFile

    def write(temporary: Path) -> None:
        with ParquetFile(folder / FILE) as file, temporary.open("w", encoding="utf-8", newline="") as text:
            names = file.schema_arrow.names
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(names)
            for group in file.iter_batches(GROUP):
                columns = [column.to_pylist() for column in group.columns]
                writer.writerows([_as_text(value) for value in row] for row in zip(*columns, strict=True))

    write_file(folder / CSV, write)


def _check(schema: "pa.Schema", columns: Sequence[str], rows: int) -> None:
    import pyarrow as pa

    if missing := [key for key in KEYS if key not in schema.names]:
        raise ValueError(f"{FILE}: no column {missing[0]}")
    if rows > LARGEST:
        raise ValueError(f"{FILE}: {rows:,} rows, more than the {LARGEST:,} that such a file may have")
    for name in columns:
        if columns.count(name) > 1:
            raise ValueError(f"{FILE}: column {name} stands there twice")
        kind = schema.field(name).type
        wanted, there = "numbers", pa.types.is_floating(kind)
        if name in PLACE:
            wanted, there = "words", pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind)
        elif name == "index":
            wanted, there = "whole numbers", pa.types.is_signed_integer(kind)
        if not there:
            raise ValueError(f"{FILE}: column {name} holds {kind}, expected {wanted}")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else f"{value:.9g}" if isinstance(value, float) else str(value)
