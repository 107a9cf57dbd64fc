import os
import subprocess
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.training import launch


@pytest.mark.parametrize(
    ("trainer", "count"),
    [
        ({"accelerator": "cpu", "devices": 1}, 1),
        ({"accelerator": "cpu", "devices": 4}, 4),
        ({"accelerator": "cpu", "devices": "3"}, 3),
        ({"accelerator": "gpu", "devices": [0, 2]}, 2),
        ({"accelerator": "cpu", "devices": "auto"}, 1),
    ],
)
def test_processes(trainer, count):
    assert launch.processes(OmegaConf.create(trainer)) == count


def test_every_gpu_gets_a_process(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 8)
    assert launch.processes({"accelerator": "gpu", "devices": "auto"}) == 8
    assert launch.processes({"accelerator": "gpu", "devices": -1}) == 8


def test_a_word_that_is_no_number_is_refused():
    with pytest.raises(UserError, match=r"trainer.devices=many"):
        launch.processes({"accelerator": "cpu", "devices": "many"})


@pytest.mark.parametrize(
    ("environment", "launched"),
    [({}, False), ({"LOCAL_RANK": "0"}, True), ({"SLURM_NTASKS": "1"}, False), ({"SLURM_NTASKS": "2"}, True)],
)
def test_is_launched(environment, launched, monkeypatch):
    for name in ("LOCAL_RANK", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert launch.is_launched() is launched


def test_the_saved_job_is_resolved(tmp_path):
    launch.save_job(OmegaConf.create({"a": 1, "b": "${a}"}), tmp_path)
    assert OmegaConf.load(tmp_path / "job.yaml") == {"a": 1, "b": 1}


@pytest.mark.parametrize("count", [1, 3])
def test_children_do_not_inherit_a_place_among_others(count, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setenv("RANK", "5")
    monkeypatch.setenv("MASTER_PORT", "1")
    ended = SimpleNamespace(wait=lambda: 7)
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: calls.append((a, k)) or ended)
    assert launch.launch(tmp_path, count) == 7
    ((command,), options) = calls[0]
    assert command[-1] == str(tmp_path)
    assert "inpaintlab.training.worker" in command[-2]
    assert (f"--nproc-per-node={count}" in command) is (count > 1)
    assert not {"RANK", "MASTER_PORT"} & options["env"].keys()
    assert options["env"]["PATH"] == os.environ["PATH"]
