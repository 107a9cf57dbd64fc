import os

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import Folder
from inpaintlab.data.lists import places_of, spread

NAMES = ["a/one.jpg", "a/two words.jpg", "b/one.jpg", "b/three.png"]


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        ("b/three.png\na/one.jpg\n", [3, 0]),
        ("three.png\n\n# a remark\n", [3]),
        ("/data/places/b/one.jpg 17\n", [2]),  # as Places2 and ImageNet ship them, with a label
        ("a/two words.jpg\n", [1]),
        ("C:\\set\\b\\three.png\r\n", [3]),
    ],
)
def test_lines_as_authors_write_them(lines, places, tmp_path):
    (tmp_path / "list.txt").write_text(lines)
    assert places_of(NAMES, str(tmp_path / "list.txt")) == places


@pytest.mark.parametrize(
    ("lines", "message"),
    [("one.jpg\n", r"one.jpg is none of the 4 pictures, such as a/one.jpg"), ("\n", "empty; expected a text file")],
)
def test_lists_that_name_no_picture(lines, message, tmp_path):
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(UserError, match=message):
        places_of(NAMES, str(tmp_path / "list.txt"))
    with pytest.raises(UserError, match="unreadable"):
        places_of(NAMES, str(tmp_path / "absent.txt"))


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "list.txt")
    with pytest.raises(UserError, match="no regular file; expected a text file"):
        places_of(NAMES, str(tmp_path / "list.txt"))


def test_spread_takes_from_everywhere():
    assert spread(10, 4) == [0, 2, 5, 7]
    assert spread(3, 9) == spread(3, None) == [0, 1, 2]


@pytest.fixture
def folder(draw, tmp_path, common):
    for number in range(12):
        draw(tmp_path / "set" / f"{number:02}.jpg", number)

    def make(**options):
        return Folder(**common, root=str(tmp_path / "set"), **options)

    return make


def names(data, split):
    return [data.dataset(split).name(index) for index in range(len(data.dataset(split)))] if data.has(split) else []


def test_authors_lists_make_the_splits(folder, tmp_path):
    (tmp_path / "test.txt").write_text("07.jpg\n03.jpg\n")
    data = folder(list={"test": str(tmp_path / "test.txt")})
    assert names(data, "test") == ["07.jpg", "03.jpg"], "in the list's order"
    assert len(names(data, "train")) == 10
    assert not {"03.jpg", "07.jpg"} & set(names(data, "train")), "what is tested is not trained on"


def test_one_list_for_a_set_with_splits(folder, tmp_path):
    (tmp_path / "list.txt").write_text("05.jpg\n01.jpg\n")
    data = folder(layout={"train": ["."]}, list=str(tmp_path / "list.txt"))
    assert names(data, "train") == ["05.jpg", "01.jpg"]


def test_limits(folder):
    assert len(names(folder(limit=5), "train")) == 5
    data = folder(limit={"test": 2}, layout={"train": ["0[0-5].jpg"], "test": ["0[6-9].jpg", "1*.jpg"]})
    assert names(data, "test") == ["06.jpg", "09.jpg"]
    assert len(names(data, "train")) == 6
    assert data.hparams["limit"] == {"test": 2}


def test_what_is_tested_is_not_trained_on(folder):
    data = folder(layout={"train": ["."], "test": ["00.jpg", "1?.jpg"]})
    assert names(data, "test") == ["00.jpg", "10.jpg", "11.jpg"]
    assert names(data, "train") == [f"{n:02}.jpg" for n in range(1, 10)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, r"data.limit=0: expected at least 1"),
        ({"limit": {"tests": 3}}, "data.limit.tests: no such split"),
        ({"list": {"eval": "x.txt"}}, "data.list.eval: no such split"),
    ],
)
def test_limits_and_lists_that_make_no_sense(folder, options, message):
    with pytest.raises(UserError, match=message):
        folder(**options)
