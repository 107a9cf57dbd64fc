import json

import pytest

from inpaintlab.basics.files import read_json, write_json, write_text


def test_numbers_that_are_not_finite_become_null(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"a": [float("nan"), 1.5], "b": {"c": float("inf")}, "d": (True, None)})
    assert json.loads((tmp_path / "new" / "a.json").read_text()) == {
        "a": [None, 1.5],
        "b": {"c": None},
        "d": [True, None],
    }


def test_a_failed_write_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.json", "\ud800")
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}


@pytest.mark.parametrize("name", ["results.json", "other.json"])
def test_a_file_that_is_not_there_is_none(name, tmp_path):
    assert read_json(tmp_path / name) is None
