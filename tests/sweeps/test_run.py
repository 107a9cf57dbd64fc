"""A sweep as a user types it: killed, failing, changed."""

import json
import os
import random
import signal
import time

import pytest
from omegaconf import OmegaConf

from inpaintlab.sweeps.run import deciding
from tests.helpers.process import run, start
from tests.helpers.tiny import COMMON, PAPERS

TINY = [*COMMON, *PAPERS["pconv"], "trainer.max_steps=6", "callbacks.checkpoint.every=2"]
PLAIN = "# @package _global_\ndefaults: [experiment, override model: pconv, _self_]\n"


def experiment(folder, params):
    folder = folder / "experiments" / "tiny"
    folder.mkdir(parents=True)
    lines = "".join(f"      {key}: '{value}'\n" for key, value in params.items())
    (folder / "sweep.yaml").write_text(f"{PLAIN}hydra:\n  sweeper:\n    params:\n{lines}")


def records(folder):
    paths = (folder / "runs/sweeps/tiny").glob("*/results.json")
    return [json.loads(path.read_text()) for path in paths]


def sweep(folder, *words):
    return run("tests.helpers.forked_jobs", "experiment=tiny", *TINY, *words, cwd=folder)


@pytest.mark.slow
def test_four_jobs_killed_twice_are_each_done_once(tmp_path):
    """Only here a sweep dies without warning, with and without the job that it had begun."""
    experiment(tmp_path, {"seed": "1,2", "model.valid": "1,2"})
    for job in (1, 3):
        started = start(
            "tests.helpers.forked_jobs", "experiment=tiny", *TINY, cwd=tmp_path, stdout=os.devnull, stderr=os.devnull
        )
        while len(list((tmp_path / "runs/sweeps/tiny").glob("*/job.yaml"))) < job:
            assert started.is_alive()
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.3))
        # Sometimes the sweep alone, whose job then lives on as an orphan; sometimes all of its processes.
        (os.kill if random.random() < 0.5 else os.killpg)(started.pid, signal.SIGKILL)
        started.join()
    done = {record["paths"]["run"]: record for record in records(tmp_path) if record["status"] == "done"}
    answer = sweep(tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "4 jobs: 4 done" in answer.stdout
    final = records(tmp_path)
    assert len(final) == 4
    assert len({(record["seed"], *record["overrides"]) for record in final}) == 4
    assert all(record["status"] == "done" and record["cost"]["iterations"] == 6 for record in final)
    kept = {record["paths"]["run"]: record for record in final}
    assert all(kept[run] == record for run, record in done.items())  # what was done was not done again
    assert answer.stdout.count("done before") >= len(done)


@pytest.mark.slow
def test_one_failing_job_stops_no_other_and_is_told(tmp_path):
    experiment(tmp_path, {"model.space": "neither,symmetric"})
    answer = sweep(tmp_path)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "2 jobs: 1 done, 1 failed" in answer.stdout
    assert "Traceback" not in answer.stderr
    (failure,) = (tmp_path / "runs/sweeps/tiny").glob("*/failure.json")
    assert OmegaConf.load(failure.with_name("job.yaml")).model.space == "neither"
    assert json.loads(failure.read_text())["reason"] in answer.stdout
    status = run("inpaintlab.verbs.sweep_status", "experiment=tiny", cwd=tmp_path)
    assert status.returncode == 0
    assert "2 jobs: 1 done, 1 failed" in status.stdout

    changed = sweep(tmp_path, "model.hole=9", "model.space=symmetric")
    assert changed.returncode == 0  # another job, in another folder
    file = tmp_path / "experiments/tiny/sweep.yaml"
    file.write_text(file.read_text() + "model: {hole: 3.0}\n")
    mixed = sweep(tmp_path, "model.space=symmetric")
    assert mixed.returncode == 1
    assert "begun with other settings (model.hole 6.0 -> 3.0)" in mixed.stdout + mixed.stderr


def test_an_experiment_that_is_not_there(tmp_path):
    answer = run("inpaintlab.verbs.sweep", "experiment=none", cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: experiment=none: no ")
    assert "Traceback" not in answer.stderr


def test_data_that_is_not_there(tmp_path):
    experiment(tmp_path, {"model.space": "symmetric"})
    answer = run("inpaintlab.verbs.sweep", "experiment=tiny", "data=folder", f"data.root={tmp_path}/none", cwd=tmp_path)
    assert answer.returncode == 1
    assert f"\nerror: {tmp_path}/none: no such folder" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("key", "decides"),
    [
        ("trainer.max_steps", True),
        ("trainer.precision", True),
        ("trainer.devices", True),
        ("trainer.accelerator", False),
        ("trainer.strategy.timeout", False),
        ("data.root", False),
        ("data.rotations", True),
        ("callbacks.checkpoint.every", False),
    ],
)
def test_what_decides_a_jobs_result(key, decides):
    cfg = OmegaConf.create()
    OmegaConf.update(cfg, key, 1, force_add=True)
    assert (key in deciding(cfg)) is decides
