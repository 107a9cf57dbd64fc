import errno
import json
import os

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside, load_json, printable, read_json, write_json, write_text
from inpaintlab.basics.messages import user_message


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


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(number, tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "old")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match=r"a\.txt: cannot be written \(.+\); make room, or choose a folder"):
        write_text(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "below", "/proc/inpaintlab"):
        with pytest.raises(UserError, match="cannot be written") as told:
            write_text(tmp_path / folder / "a.txt", "new")
        assert "\n" not in str(told.value)


def test_whatever_else_meets_a_full_disk_is_one_line():
    error = RuntimeError("a library's")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    assert user_message(error).startswith("/data/x: cannot be written (No space left on device); make room")
    denied = PermissionError(errno.EACCES, "Permission denied", "/data/x")
    assert user_message(denied) == "/data/x: Permission denied; give a place that can be read and written"
    assert user_message(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None  # ours: users are told before


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "", "link/x", "link", None, 3, "a\0b", "\ud800", ["x"], ".."]
)
def test_a_name_outside_of_its_folder_is_refused(name, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    with pytest.raises(UserError, match=r"outside of this folder|expected a name") as told:
        inside(tmp_path / "here", name)
    assert "\n" not in str(told.value)


def test_a_name_inside_is_its_path_also_where_the_folder_is_linked(tmp_path):
    (tmp_path / "here" / "deep").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "here")
    (tmp_path / "here" / "near").symlink_to(tmp_path / "here" / "deep")
    for name in ("a.png", "deep/a.png", "near/a.png", "..a", "é (1).png"):
        assert inside(tmp_path / "here", name) == tmp_path / "here" / name
        assert inside(tmp_path / "linked", name) == tmp_path / "linked" / name


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"{", "Expecting"), (b"[" * 200_000, "nested too deeply"), (b"\xff", "utf-8"), (b"9" * 5000, "digits")],
)
def test_json_from_anywhere_is_read_or_told(content, told, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=told):
        load_json(tmp_path / "a.json")
    with pytest.raises(UserError, match=r"a\.json: unreadable"):
        read_json(tmp_path / "a.json")


def test_a_pipe_a_folder_and_a_huge_file_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2**40)  # a hole: takes no room
    for name, told in (("pipe", "no regular file"), ("folder", "no regular file"), ("huge", "1,099,511,627,776 bytes")):
        with pytest.raises(ValueError, match=told):
            load_json(tmp_path / f"{name}.json")


def test_text_with_bytes_of_another_code_can_be_written(tmp_path):
    write_text(tmp_path / "a.txt", printable("caf\udce9 \ud800 é"))
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "caf\\udce9 \\ud800 é"
