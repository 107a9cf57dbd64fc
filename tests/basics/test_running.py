"""A verb's ``main``: wrong words end it with one line before its task begins."""

import subprocess
import sys

import pytest
from hydra.core.hydra_config import HydraConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.running import check_words, verb


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    seen = []

    @verb("sweep_status")
    def main(cfg):
        if cfg.runs == "bad":
            raise UserError("runs=bad: no good")
        seen.append((cfg.experiment, HydraConfig.get().job.name))

    def start(*words):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONSAFEPATH", "")
        monkeypatch.setattr(sys, "argv", ["inpaintlab", *words])
        try:
            main()
        except SystemExit as stop:
            return stop.code, capsys.readouterr().err
        return seen.pop(), capsys.readouterr().err

    return start


def test_right_words_reach_the_task(run):
    assert run("experiment=mine") == (("mine", "test_running"), "")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 always looks there")
def test_no_process_from_there_on_runs_what_lies_in_the_working_folder(run, tmp_path):
    (tmp_path / "signal.py").write_text("open('ran', 'w')")
    run("experiment=mine")
    subprocess.run([sys.executable, "-c", "import multiprocessing.spawn"], check=True)  # as multiprocessing begins one
    assert not (tmp_path / "ran").exists()


def test_a_seed_is_one_of_every_generator(run):
    for seed in ("abc", "1.5", "-1", str(2**32)):
        assert run(f"+seed={seed}") == (2, f"error: seed={seed}: expected a whole number from 0 to 4294967295\n")


def test_a_word_with_odd_letters_leaves_the_line_one(run):
    code, told = run("ex\nperi\x1bment=mine")
    assert code == 2
    assert told.startswith(r"error: ex\nperi\x1bment=mine: ")


def test_wrong_words_do_not(run):
    assert run("experimnt=mine") == (2, "error: experimnt: no such key; did you mean experiment?\n")
    assert run("runs=bad") == (2, "error: runs=bad: no good\n")


def test_of_several_values_the_first_is_checked(run, capsys):
    assert run("--multirun", "experiment=a,b", "experimnt=mine")[0] == 2
    check_words("train", ["-m", "model=pconv,madf", "seed=range(3)", "paper.size=interval(1,9)"])


def test_the_flags_that_say_which_configuration(tmp_path):
    (tmp_path / "mine.yaml").write_text("defaults: [sweep_status, _self_]\nown: 3\n")
    check_words("sweep_status", [f"--config-dir={tmp_path}", "--config-name=mine", "own=4"])
    check_words(
        "sweep_status", ["--config-dir", str(tmp_path), "-cn", "mine", "own=4", "--cfg", "job", "-p", "hydra.job"]
    )
    with pytest.raises(SystemExit):
        check_words("sweep_status", ["own=4"])


def test_hydra_shows_all_where_that_is_asked_for(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    check_words("sweep_status", ["own=4"])
