"""Told to stop, a run leaves a checkpoint and goes on from it as if nothing had happened."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from inpaintlab.training import launch
from inpaintlab.training.callbacks.checkpoint import Checkpoints
from inpaintlab.training.callbacks.preemption import Preemption, requeue
from tests.helpers.killing import Kill
from tests.helpers.process import run
from tests.helpers.tiny import COMMON, PAPERS, TWO
from tests.helpers.trainings import train
from tests.training.callbacks.toy import Toy, fit
from tests.training.test_exact_resume import equal

KILL = ["+callbacks.kill._target_=tests.helpers.killing.Kill", "+callbacks.kill.marker=told"]


def told(at, number):
    """Words by which a run gets a signal after iteration ``at``, once; it stops after the next one."""
    return [*KILL, f"+callbacks.kill.at={at}", f"+callbacks.kill.number={int(number)}"]


def checkpoint(folder):
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def assert_same_end(whole, resumed):
    one, two = checkpoint(whole), checkpoint(resumed)
    assert int(one["state_dict"]["iteration"]) == 20
    for key in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert equal(one[key], two[key], key) == []


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """A Slurm that only writes down what it is told."""
    path = tmp_path / "bin" / "scontrol"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/scontrol.log\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    return tmp_path / "scontrol.log"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2])
def test_a_run_that_is_told_to_stop_goes_on_as_if_nothing_had_happened(number, straight, tmp_path):
    words = told(8, number)
    answer = train("pconv", "run", *words, cwd=tmp_path)
    assert answer.returncode == 128 + number, answer.stderr
    assert f"{number.name}: stopped after iteration 9" in answer.stdout
    assert int(checkpoint(tmp_path / "run")["state_dict"]["iteration"]) == 9
    assert train("pconv", "run", *words, cwd=tmp_path).returncode == 0
    assert_same_end(straight("pconv"), tmp_path / "run")


@pytest.mark.slow
def test_gathered_gradients_are_not_thrown_away(tmp_path):
    gather = ["trainer.accumulate_grad_batches=2"]
    # It comes after the step; the next look is between the two batches of the step that follows.
    words = [*gather, *told(8, signal.SIGTERM)]
    answer = train("pconv", "run", *words, cwd=tmp_path)
    assert answer.returncode == 128 + signal.SIGTERM, answer.stderr
    assert "SIGTERM: stopped after iteration 9" in answer.stdout
    assert train("pconv", "run", *words, cwd=tmp_path).returncode == 0
    assert train("pconv", "whole", *gather, cwd=tmp_path).returncode == 0
    assert_same_end(tmp_path / "whole", tmp_path / "run")


class KillSecond(Kill):
    """Tell only the second process."""

    def on_train_batch_end(self, trainer, pl_module, *_):
        if trainer.global_rank == 1:
            super().on_train_batch_end(trainer, pl_module)


@pytest.mark.slow
def test_two_processes_stop_together_where_one_is_told(tmp_path, scontrol):
    words = told(8, signal.SIGUSR1)
    words[0] = "+callbacks.kill._target_=tests.training.callbacks.test_preemption.KillSecond"
    answer = train("pconv", "run", *TWO, *words, cwd=tmp_path, ranks=2)
    assert answer.returncode != 0
    # One of them may be at its next batch already; which iteration it is, both agree upon.
    said = answer.stdout + answer.stderr
    assert said.count("SIGUSR1: stopped after iteration") == 1
    assert int(checkpoint(tmp_path / "run")["state_dict"]["iteration"]) in (9, 10)
    assert scontrol.read_text() == "requeue 77\n"
    again = train("pconv", "run", *TWO, *words, cwd=tmp_path, ranks=2)
    assert again.returncode == 0, again.stderr
    assert train("pconv", "whole", *TWO, cwd=tmp_path, ranks=2).returncode == 0
    assert_same_end(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_the_process_that_started_the_others_hands_the_signal_on(tmp_path, scontrol):
    words = told(8, signal.SIGUSR1)
    words[0] = "+callbacks.kill._target_=tests.training.callbacks.test_preemption.KillLauncher"
    words += ["model=pconv", *COMMON, *PAPERS["pconv"], *TWO, "hydra.run.dir=run"]
    answer = run("inpaintlab.verbs.train", *words, cwd=tmp_path)
    assert answer.returncode == 128 + signal.SIGUSR1, answer.stderr
    assert "SIGUSR1: stopped after iteration" in answer.stdout
    assert scontrol.read_text() == "requeue 77\n"
    assert 8 < int(checkpoint(tmp_path / "run")["state_dict"]["iteration"]) <= 20


class KillLauncher(Kill):
    """Tell the process above torchrun, and wait a moment in each step, so that the signal comes round in time."""

    def on_train_batch_end(self, trainer, pl_module, *_):
        if trainer.global_rank == 0 and int(pl_module.iteration) == self.at and not os.path.exists(self.marker):
            Path(self.marker).touch()
            agent = Path(f"/proc/{os.getppid()}/stat").read_text().rsplit(")", 1)[1].split()
            os.kill(int(agent[1]), self.number)
        if int(pl_module.iteration) >= self.at:
            threading.Event().wait(0.5)


def stopped(tmp_path, number=signal.SIGUSR1, **options):
    """Train the toy until it is told to stop after iteration 3; return the status."""
    callbacks = [Preemption(), Checkpoints(str(tmp_path)), Kill(3, str(tmp_path / "told"), number)]
    former = {each: signal.getsignal(each) for each in launch.SIGNALS}
    try:
        with pytest.raises(SystemExit) as end:
            fit(tmp_path, callbacks, Toy(iterations=10), **options)
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
    return end.value.code


@pytest.mark.parametrize("number", launch.SIGNALS)
def test_only_sigusr1_queues_the_slurm_job_again(number, tmp_path, scontrol, capfd):
    asked = number == signal.SIGUSR1
    assert stopped(tmp_path, number) == 128 + number
    assert scontrol.exists() is asked
    if asked:
        assert scontrol.read_text() == "requeue 77\n"
        assert "job 77: queued again" in capfd.readouterr().err
    assert int(torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]["iteration"]) in (3, 4)


def test_without_slurm_nothing_is_queued(tmp_path, scontrol, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID")
    assert stopped(tmp_path) == 128 + signal.SIGUSR1
    assert not scontrol.exists()


def test_a_job_that_slurm_does_not_take_back_is_told(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    requeue("77")
    assert "job 77: not queued again: " in capfd.readouterr().err


def test_handlers_are_given_back(tmp_path):
    former = {number: signal.getsignal(number) for number in launch.SIGNALS}
    fit(tmp_path, [Preemption()], Toy(iterations=3))
    assert former == {number: signal.getsignal(number) for number in launch.SIGNALS}


def test_the_launcher_hands_a_signal_on_and_ends_likewise():
    code = "import signal, sys, time; signal.signal(10, lambda *_: sys.exit(3)); print(flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.stdout.read(1)
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
    with pytest.raises(SystemExit) as end:
        launch.wait_for(child)
    child.stdout.close()
    assert end.value.code == 128 + signal.SIGUSR1
    assert child.returncode == 3
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
