"""Two open files have two locks even in one process, so a second process needs none of its own here."""

import threading

import pytest

from inpaintlab.basics import locks
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.locks import is_locked, lock_folder, work_alone


def test_one_works_the_second_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    with work_alone(tmp_path / "new", "training"):
        with pytest.raises(UserError, match="another process is training in it; wait for its end"):
            work_alone(tmp_path / "new", "training").__enter__()
        with work_alone(tmp_path / "new", "evaluating"):  # other work is no matter
            pass
    assert list((tmp_path / "new").iterdir()) == []


def test_who_waited_for_a_lock_that_was_removed_does_not_work_beside_a_third(tmp_path, monkeypatch):
    """The second opened the file of the first, which then removed it; a third would make and lock a new file."""
    asked, ended = threading.Event(), threading.Event()
    take = locks._locked

    def slow(file):
        if threading.current_thread() is not second or asked.is_set():
            return take(file)
        asked.set()
        assert ended.wait(60)
        return take(file)

    monkeypatch.setattr(locks, "_locked", slow)
    inside, leave = threading.Event(), threading.Event()

    def wait_and_work():
        with work_alone(tmp_path, "training"):
            inside.set()
            leave.wait(60)

    second = threading.Thread(target=wait_and_work)
    with work_alone(tmp_path, "training"):
        second.start()
        assert asked.wait(60)
    ended.set()
    try:
        assert inside.wait(60)
        monkeypatch.setattr(locks, "PATIENCE", 0)
        with pytest.raises(UserError, match="another process is training in it"):
            work_alone(tmp_path, "training").__enter__()
    finally:
        leave.set()
        second.join()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_tells_whether_somebody_holds_it(tmp_path):
    assert not is_locked(tmp_path)
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
