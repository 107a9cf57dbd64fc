from types import SimpleNamespace

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.holes import Holes, list_holes, list_pools, mask_source
from inpaintlab.records.cells import AS_THEY_ARE, POOL, REGULAR, Bucket, Cell
from tests.evaluation.frozen import freeze_set
from tests.helpers.composing import composed


def config(**changes):
    words = {"masks": None, "buckets": [[0.1, 0.2], [0.4, 0.5]], "borders": None, "regular": False}
    return SimpleNamespace(**{**words, **changes})


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks") / "set"
    freeze_set(folder)
    return folder


def test_drawn_cells():
    assert list_holes(config()) == [Holes(Cell(Bucket(0.1, 0.2))), Holes(Cell(Bucket(0.4, 0.5)))]
    holes = list_holes(config(borders=["touch", "clear"], regular=True))
    assert [one.cell.folder for one in holes] == [
        "0.1-0.2/touch", "0.1-0.2/clear", "0.4-0.5/touch", "0.4-0.5/clear", "regular",
    ]  # fmt: skip
    assert list_holes(config(buckets=None)) == [Holes(Cell(AS_THEY_ARE))]
    assert list_holes(config(buckets=[], regular=True)) == [Holes(Cell(REGULAR))]


def test_frozen_cells_are_those_of_the_set(frozen):
    cells = list_holes(config(masks=str(frozen)))
    assert [one.cell for one in cells] == [
        Cell(Bucket(*bucket), border) for bucket in ((0.1, 0.2), (0.4, 0.5)) for border in ("touch", "clear")
    ]
    assert cells[1].files == tuple(str(frozen / "0.1-0.2/clear" / f"0000{i}.png") for i in range(2))
    assert list_holes(config(masks=str(frozen), buckets=None)) == cells
    assert list_holes(config(masks=str(frozen), buckets=[[0.4, 0.5]], borders=["clear"])) == cells[3:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"buckets": [[0.1, 0.2], [0.5, 0.6]]}, r"has no \(0.5, 0.6\], only \(0.1, 0.2\], \(0.4, 0.5\]; buckets=null"),
        ({"borders": ["any"]}, r"has no any, only touch, clear; borders=null takes all that it has"),
        ({"buckets": [[0.1]]}, r"buckets: \[0.1\] is no bucket; expected \[low, high\]"),
    ],
)
def test_cells_that_the_set_has_not_are_named(frozen, changes, message):
    with pytest.raises(UserError, match=message):
        list_holes(config(masks=str(frozen), **changes))


def test_a_set_that_is_not_there_or_altered_is_refused(frozen, tmp_path):
    with pytest.raises(UserError, match=r"manifest.json: no readable manifest .* make the set with"):
        list_holes(config(masks=str(tmp_path)))
    path = frozen / "0.4-0.5/clear/00001.png"
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    with pytest.raises(UserError, match="missing or altered since it was frozen"):
        list_holes(config(masks=str(frozen)))
    path.write_bytes(content)


def test_a_cell_given_twice_is_refused():
    with pytest.raises(UserError, match="buckets and borders: a pair is given twice"):
        list_holes(config(buckets=[[0.1, 0.2], [0.1, 0.2]]))


def test_the_pool_of_all_buckets_leaves_the_regular_hole_out():
    cells = [one.cell for one in list_holes(config(regular=True))]
    assert list_pools(cells) == [
        (Cell(Bucket(0.1, 0.2)), [0]),
        (Cell(Bucket(0.4, 0.5)), [1]),
        (POOL, [0, 1]),
        (Cell(REGULAR), [2]),
    ]
    assert len(list_pools(cells[1:])) == 2  # one bucket is no pool
    assert list_pools([Cell(AS_THEY_ARE)]) == [(Cell(AS_THEY_ARE), [0])]


def test_the_source_of_the_masks_is_told(frozen):
    source = mask_source(config(masks=str(frozen)))
    assert (source.source, source.folder, source.maker) == ("frozen", str(frozen), None)
    assert len(source.sha256) == 64
    drawn = mask_source(composed("evaluate", "mask=center"))
    assert (drawn.source, drawn.sha256) == ("drawn", None)
    assert drawn.maker["_target_"] == "inpaintlab.masks.center.Center"
