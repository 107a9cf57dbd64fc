from types import SimpleNamespace

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.cells import Cell, list_cells, list_pools, mask_source
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
    assert list_cells(config()) == [Cell((0.1, 0.2), "any"), Cell((0.4, 0.5), "any")]
    cells = list_cells(config(borders=["touch", "clear"], regular=True))
    assert [cell.folder for cell in cells] == [
        "0.1-0.2/touch", "0.1-0.2/clear", "0.4-0.5/touch", "0.4-0.5/clear", "regular",
    ]  # fmt: skip
    assert list_cells(config(buckets=None)) == [Cell(None, "any")]
    assert list_cells(config(buckets=[], regular=True)) == [Cell("regular", "any")]


def test_frozen_cells_are_those_of_the_set(frozen):
    cells = list_cells(config(masks=str(frozen)))
    assert [(cell.bucket, cell.border) for cell in cells] == [
        (bucket, border) for bucket in ((0.1, 0.2), (0.4, 0.5)) for border in ("touch", "clear")
    ]
    assert cells[1].files == tuple(str(frozen / "0.1-0.2/clear" / f"0000{i}.png") for i in range(2))
    assert list_cells(config(masks=str(frozen), buckets=None)) == cells
    assert list_cells(config(masks=str(frozen), buckets=[[0.4, 0.5]], borders=["clear"])) == cells[3:]


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
        list_cells(config(masks=str(frozen), **changes))


def test_a_set_that_is_not_there_or_altered_is_refused(frozen, tmp_path):
    with pytest.raises(UserError, match=r"manifest.json: no readable manifest .* make the set with"):
        list_cells(config(masks=str(tmp_path)))
    path = frozen / "0.4-0.5/clear/00001.png"
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    with pytest.raises(UserError, match="missing or altered since it was frozen"):
        list_cells(config(masks=str(frozen)))
    path.write_bytes(content)


def test_a_cell_given_twice_is_refused():
    with pytest.raises(UserError, match="buckets and borders: a pair is given twice"):
        list_cells(config(buckets=[[0.1, 0.2], [0.1, 0.2]]))


def test_the_pool_of_all_buckets_leaves_the_regular_hole_out():
    cells = list_cells(config(regular=True))
    assert list_pools(cells) == [
        ({"bucket": [0.1, 0.2], "border": "any"}, [0]),
        ({"bucket": [0.4, 0.5], "border": "any"}, [1]),
        ({"bucket": "all", "border": "all"}, [0, 1]),
        ({"bucket": "regular", "border": "any"}, [2]),
    ]
    assert len(list_pools(cells[1:])) == 2  # one bucket is no pool
    assert list_pools([Cell(None, "any")]) == [({"bucket": None, "border": "any"}, [0])]


def test_the_source_of_the_masks_is_told(frozen):
    source = mask_source(config(masks=str(frozen)))
    assert (source["source"], source["folder"], source["maker"]) == ("frozen", str(frozen), None)
    assert len(source["sha256"]) == 64
    drawn = mask_source(composed("evaluate", "mask=center"))
    assert (drawn["source"], drawn["sha256"]) == ("drawn", None)
    assert drawn["maker"]["_target_"] == "inpaintlab.masks.center.Center"
