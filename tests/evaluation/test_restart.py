"""What became of the processes in between changes no byte."""

import json
import os
import signal
import time

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.journal import Journal
from tests.evaluation.evaluating import FAST, judged, numbers
from tests.helpers.process import run_ranks, start, start_warm


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "out"
    judged(folder, "regular=true")
    return folder


def interrupted(folder, monkeypatch, *words, after):
    """Evaluate until so many batches are done."""
    add, done = Journal.add, []

    def add_or_stop(self, rank, line):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(line)
        add(self, rank, line)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add_or_stop)
        with pytest.raises(KeyboardInterrupt):
            judged(folder, *words)


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1, 4, 8])
def test_an_interrupted_evaluation_goes_on_and_ends_the_same(whole, tmp_path, monkeypatch, after):
    interrupted(tmp_path, monkeypatch, "regular=true", after=after)
    journal = tmp_path / "journal" / "0.jsonl"
    if after:
        with journal.open("ab") as file:
            file.write(b'{"cell":0,"batch":2,"pic')  # a line in the air
    assert not (tmp_path / "evaluation.json").exists()
    done = []
    monkeypatch.setattr(Journal, "add", lambda *args, add=Journal.add: (done.append(args), add(*args)))
    judged(tmp_path, "regular=true")
    assert len(done) == 9 - after  # 3 cells of 3 batches: nothing is done twice
    assert numbers(tmp_path) == numbers(whole)
    assert not (tmp_path / "journal").exists()


def test_an_end_that_was_interrupted_is_done_again(whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("inpaintlab.records.evaluation.EvaluationRecord.write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            judged(tmp_path, "regular=true")
    monkeypatch.setattr("inpaintlab.evaluation.predictions.predict", lambda *_: 1 / 0)
    judged(tmp_path, "regular=true")
    assert numbers(tmp_path) == numbers(whole)


def test_a_complete_evaluation_is_not_computed_again(whole, monkeypatch, capsys):
    stamp = (whole / "evaluation.json").stat().st_mtime_ns
    monkeypatch.setattr("inpaintlab.evaluation.predictions.predict", lambda *_: 1 / 0)
    record = judged(whole, "regular=true")
    assert (whole / "evaluation.json").stat().st_mtime_ns == stamp
    assert record == json.loads((whole / "evaluation.json").read_text())
    out = capsys.readouterr().out
    assert "complete already" in out
    assert "PSNR (dB), hole" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seed=1"], "data.seed=0, not 1"),
        (["limit=4"], "limit=5, not 4"),
        (["regular=false"], "cells="),
        (["protocol=[standard,lama]"], r"protocols\.lama\._target_=null, not"),
        (["save=0"], "save=2, not 0"),
    ],
)
def test_another_evaluation_in_the_same_folder_is_refused(whole, tmp_path, monkeypatch, words, message):
    interrupted(tmp_path, monkeypatch, "regular=true", after=1)
    for folder in (whole, tmp_path):
        with pytest.raises(UserError, match=rf"holds an evaluation with {message}.*choose another folder, or remove"):
            judged(folder, "regular=true", *words)


@pytest.mark.slow
def test_two_processes_write_what_one_writes(whole, tmp_path, monkeypatch):
    start_warm(monkeypatch)
    judged(tmp_path, "regular=true", "devices=2")
    assert numbers(tmp_path) == numbers(whole)
    # 5 pictures in 3 cells do not divide: none is counted twice
    rows = json.loads((tmp_path / "evaluation.json").read_text())["rows"]
    assert {row["pictures"] for row in rows} == {5, 10}


@pytest.mark.slow
def test_one_process_goes_on_where_two_were_killed(whole, tmp_path, monkeypatch):
    interrupted(tmp_path, monkeypatch, "regular=true", after=5)
    lines = (tmp_path / "journal" / "0.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "journal" / "0.jsonl").write_bytes(b"".join(lines[::2]))
    (tmp_path / "journal" / "1.jsonl").write_bytes(b"".join(lines[1::2]) + lines[0][:40])
    judged(tmp_path, "regular=true")
    assert numbers(tmp_path) == numbers(whole)


@pytest.mark.slow
def test_two_ranks_write_what_one_process_writes(whole, tmp_path):
    words = ["evaluate", "model=mean_color", *FAST, "regular=true", f"output={tmp_path}"]
    done = run_ranks(2, "inpaintlab.verbs.cli", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PSNR (dB), hole") == 1
    assert numbers(tmp_path) == numbers(whole)


@pytest.mark.slow
def test_kill_9_in_the_middle_changes_no_byte(tmp_path):
    short = ["data.size=64", "limit=25", "paper.batch_size=1", "borders=[any,clear]", "save=3"]
    judged(tmp_path / "whole", *short)
    words = ["evaluate", "model=mean_color", *FAST, *short, f"output={tmp_path / 'killed'}"]
    process = start("inpaintlab.verbs.cli", *words, cwd=tmp_path, stdout=os.devnull, stderr=os.devnull)
    journal = tmp_path / "killed" / "journal" / "0.jsonl"
    end = time.monotonic() + 240
    while time.monotonic() < end and not (journal.is_file() and journal.read_bytes().count(b"\n") > 5):
        assert process.is_alive()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert 5 < journal.read_bytes().count(b"\n") < 100
    judged(tmp_path / "killed", *short)
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")
