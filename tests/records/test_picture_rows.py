import csv
import math

import pyarrow as pa
import pytest
from pyarrow import parquet

from inpaintlab.records import picture_rows
from inpaintlab.records.cells import AS_THEY_ARE, Bucket, Cell, View
from inpaintlab.records.picture_rows import CSV, FILE, KEYS, PictureWriter, read_groups, write_csv

CELL, VIEW = Cell(Bucket(0.1, 0.2)), View("standard", "completed", "full")


def write(folder, rows, measures=("mse", "psnr")):
    with PictureWriter(folder / FILE, measures) as file:
        for row in rows:
            file.add(*row)
    return folder / FILE


def test_numbers_come_back_to_the_last_bit(tmp_path):
    values = {"mse": 0.1 + 0.2, "psnr": math.inf}
    rows = [(CELL, VIEW, (3, "a.png", 0.15), values), (Cell(AS_THEY_ARE), VIEW, (4, "b.png", 1 / 3), {"mse": 0.0})]
    (group,) = read_groups(write(tmp_path, rows))
    assert group.column("mse").to_pylist() == [0.1 + 0.2, 0.0]
    assert group.column("psnr").to_pylist() == [math.inf, None]  # what does not exist is empty
    assert group.column("bucket").to_pylist() == ["(0.1, 0.2]", "as they are"]
    assert parquet.read_table(tmp_path / FILE).column_names == [*KEYS, "mse", "psnr"]
    assert parquet.read_table(tmp_path / FILE)["hole_ratio"].to_pylist() == [0.15, 1 / 3]


def test_bytes_follow_from_the_rows_and_memory_from_none(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_rows, "GROUP", 4)
    rows = [(CELL, VIEW, (index, f"{index}.png", 0.1), {"mse": index / 7, "psnr": math.nan}) for index in range(10)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, rows)
    assert (tmp_path / "a" / FILE).read_bytes() == (tmp_path / "b" / FILE).read_bytes()
    assert [len(group) for group in read_groups(tmp_path / "a" / FILE)] == [4, 4, 2]


def test_the_csv_says_the_same_and_nothing_in_it_acts(tmp_path):
    write(tmp_path, [(CELL, VIEW, (0, "=1+1.png", 0.125), {"mse": 1 / 3}), (CELL, VIEW, (1, "\udcff.png", 1), {})])
    write_csv(tmp_path)
    first, second = csv.DictReader((tmp_path / CSV).open(newline=""))
    assert (first["name"], first["hole_ratio"], first["mse"], first["psnr"]) == (
        "'=1+1.png",
        "0.125",
        "0.333333333",
        "",
    )
    assert (second["name"], second["index"], second["mse"]) == ("\\udcff.png", "1", "")


def rewritten(path, change):
    table = change(parquet.read_table(path))
    parquet.write_table(table, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns("region"), "no column region"),
        (lambda t: t.set_column(2, "index", pa.array(["x"])), "column index holds string, expected whole numbers"),
        (
            lambda t: t.set_column(2, "index", pa.array([2**63], pa.uint64())),
            "index holds uint64, expected whole numbers",
        ),
        (lambda t: t.append_column("mse", t["mse"]), "column mse stands there twice"),
        (lambda t: t.set_column(8, "mse", pa.array(["1"])), "column mse holds string, expected numbers"),
        (lambda t: t.set_column(0, "bucket", pa.array([3])), "column bucket holds int64, expected words"),
        (lambda t: t.set_column(0, "bucket", pa.array([None], pa.string())), "column bucket has empty places"),
    ],
)
def test_what_is_no_table_of_pictures_says_why(tmp_path, change, message):
    rewritten(write(tmp_path, [(CELL, VIEW, (0, "a", 0.1), {"mse": 1.0})]), change)
    with pytest.raises(ValueError, match=message):
        list(read_groups(tmp_path / FILE))


def test_a_table_of_plain_words_is_one_too(tmp_path):
    write(tmp_path, [(CELL, VIEW, (0, "a", 0.1), {"mse": 1.0})])
    rewritten(tmp_path / FILE, lambda t: t.set_column(0, "bucket", pa.array(["all"])))
    (group,) = read_groups(tmp_path / FILE)
    assert group.column("bucket").to_pylist() == ["all"]


def test_columns_that_are_no_measures_take_no_memory(tmp_path):
    write(tmp_path, [(CELL, VIEW, (0, "a", 0.1), {"mse": 1.0})])
    rewritten(tmp_path / FILE, lambda t: t.append_column("x", pa.array([1.0])).append_column("y", pa.array([[1]])))
    (group,) = read_groups(tmp_path / FILE)
    assert group.schema.names == [name for name in (*KEYS, "mse", "psnr") if name not in ("name", "hole_ratio")]


def test_a_file_that_is_damaged_or_huge_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path, [(CELL, VIEW, (0, "a", 0.1), {"mse": 1.0})])
    whole = path.read_bytes()
    for content in (b"", b"PAR1", whole[:-20], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=FILE):
            list(read_groups(path))
    path.write_bytes(whole)
    monkeypatch.setattr(picture_rows, "LARGEST", 0)
    with pytest.raises(ValueError, match="1 rows, more than the 0"):
        list(read_groups(path))
