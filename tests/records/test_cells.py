import random

import pytest

from inpaintlab.records.cells import ALL, AS_THEY_ARE, POOL, REGULAR, Bucket, Cell, View

BUCKETS = [Bucket(0.01, 0.1), Bucket(0.1, 0.2), Bucket(0.5, 0.6), ALL, REGULAR, AS_THEY_ARE]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_read_back_from_json_and_from_text(bucket):
    assert Bucket.read(bucket.plain) == bucket
    assert Bucket.parse(str(bucket)) == bucket


def test_a_bucket_has_its_names():
    assert [str(bucket) for bucket in BUCKETS] == [
        "(0.01, 0.1]", "(0.1, 0.2]", "(0.5, 0.6]", "all", "regular", "as they are",
    ]  # fmt: skip
    assert [bucket.plain for bucket in BUCKETS[2:]] == [[0.5, 0.6], "all", "regular", None]
    assert [bucket.key for bucket in (Bucket(0.015, 0.07), *BUCKETS[2:])] == [
        "1p5-7", "50-60", "all", "regular", "as_they_are",
    ]  # fmt: skip
    assert Bucket(0.1, 0.2).middle == 0.15


def test_what_is_no_bucket_is_refused():
    for text in ("x", "0.1-0.2", ""):
        with pytest.raises(ValueError, match=r"expected \(low, high\], all, regular, as they are"):
            Bucket.parse(text)
    with pytest.raises(ValueError, match="bucket some: expected"):
        Bucket.read("some")


def test_cells_are_in_the_order_of_the_papers():
    cells = [Cell(bucket, border) for bucket in BUCKETS for border in ("any", "touch", "clear", "all")]
    mixed = random.Random(0).sample(cells, len(cells))
    assert sorted(mixed) == cells


def test_a_cell_has_its_names():
    cell = Cell(Bucket(0.1, 0.2), "touch")
    assert (cell.folder, cell.key, str(cell)) == ("0.1-0.2/touch", "10-20_touch", "hole ratio (0.1, 0.2], touch")
    assert (Cell(REGULAR).folder, Cell(REGULAR).key, str(Cell(REGULAR))) == ("regular", "regular", "masks regular")
    assert Cell(AS_THEY_ARE).folder == "as_they_are"
    assert str(POOL) == "all hole ratios"
    assert Cell.read({"bucket": [0.1, 0.2], "border": "touch", "more": 1}) == cell
    assert Cell.parse({"bucket": "(0.1, 0.2]", "border": ""}) == Cell(Bucket(0.1, 0.2))
    assert Cell.read(cell.plain) == cell


def test_the_pool_is_made_of_the_buckets_of_ratios():
    cells = [Cell(Bucket(0.1, 0.2), "touch"), Cell(Bucket(0.1, 0.2), "clear"), POOL, Cell(REGULAR)]
    assert POOL.parts(cells) == cells[:2]
    assert Cell(ALL, "clear").parts(cells) == cells[1:2]
    assert cells[3].parts(cells) == cells[3:]


def test_views():
    view = View("standard", "completed", "full")
    assert str(view) == "Whole picture, completed, protocol standard"
    assert View.read({**view.plain, "psnr": 1.0}) == view
    assert view.in_region("hole") > view > View("lama", "prediction", "full")


def test_former_names_of_outputs_are_understood():
    former = {"protocol": "mat", "region": "full"}
    assert View.read({**former, "output": "composited"}).output == "completed"
    assert View.read({**former, "output": "raw"}).output == "prediction"
