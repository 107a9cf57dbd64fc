import os
import subprocess

import pytest

from inpaintlab.basics.provenance import commit


@pytest.fixture
def git(tmp_path, monkeypatch):
    """A repository of one file; git as a function of its words."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        who = ["-c", "user.name=x", "-c", "user.email=x@y"]
        return subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True).stdout.strip()

    run("init")
    (tmp_path / "a").write_text("a")
    (tmp_path / ".gitattributes").write_text("* filter=own")
    run("add", ".")
    run("commit", "-m", "x")
    return run


def test_the_commit_and_whether_files_differ_from_it(git, tmp_path, monkeypatch):
    assert commit() == git("rev-parse", "HEAD")
    (tmp_path / "untracked").touch()
    os.utime(tmp_path / "a", (0, 0))  # another time is no other content
    assert commit() == git("rev-parse", "HEAD")
    (tmp_path / "a").write_text("other")
    assert commit() == git("rev-parse", "HEAD") + "+changes"
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert commit() == git("rev-parse", "HEAD") + "+changes"


def test_nothing_that_the_folders_git_names_is_run(git, tmp_path):
    git("config", "core.fsmonitor", "touch ran; false")
    git("config", "filter.own.clean", "touch ran; cat")
    (tmp_path / "ran").unlink(missing_ok=True)
    (tmp_path / "a").write_text("b")
    assert commit().endswith("+changes")
    assert not (tmp_path / "ran").exists()


def test_without_a_repository_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert commit() is None
