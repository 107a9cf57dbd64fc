import json
import subprocess

import pytest
import torch

from inpaintlab.training.callbacks.checkpoint import Checkpoints
from inpaintlab.training.callbacks.results import Results, commit, device_name
from tests.training.callbacks.toy import Toy, fit

HEADER = {"name": "toy", "choices": {"model": "toy"}, "overrides": ["a=1"], "seed": 3, "notice": "a notice"}


def read(folder):
    return json.loads((folder / "results.json").read_text())


def test_the_whole_record_of_a_run(tmp_path):
    results = Results(tmp_path, HEADER)
    fit(tmp_path, [results, Checkpoints(str(tmp_path / "checkpoints"))], Toy(iterations=10))
    running = read(tmp_path)
    assert running["status"] == "running"
    results.finish({"toy": {"psnr": 20.0, "psnr_hole": float("nan")}, "telea": {"psnr": 19.0}})
    record = read(tmp_path)
    assert {key: record[key] for key in HEADER} == HEADER
    assert list(record) == [
        "schema", "name", "status", "choices", "overrides", "seed", "drawings", "notice", "size", "channels",
        "versions", "commit", "metrics", "baselines", "cost", "paths",
    ]  # fmt: skip
    assert (record["schema"], record["status"]) == (1, "done")
    assert set(record["versions"]) == {"inpaintlab", "python", "torch", "lightning"}
    assert record["metrics"]["test/psnr"] == 20
    assert record["metrics"]["test/psnr_hole"] is None
    assert record["metrics"]["val/psnr_hole"] > 0
    assert record["baselines"] == {"telea": {"test/psnr": 19.0}}
    cost = record["cost"]
    assert (cost["parameters"], cost["iterations"], cost["device"]) == (84, 10, "cpu")
    assert cost["pictures_per_second"] == pytest.approx(20 / cost["train_seconds"], rel=0.5)
    assert cost["peak_memory_mb"] > 10
    assert record["paths"] == {
        "run": str(tmp_path), "checkpoint": "checkpoints/last.ckpt", "best": "checkpoints/best.ckpt", "samples": None
    }  # fmt: skip


def test_it_is_updated_at_each_validation(tmp_path):
    seen = []

    class Watched(Results):
        def on_validation_end(self, trainer, pl_module):
            super().on_validation_end(trainer, pl_module)
            if not trainer.sanity_checking:
                seen.append((read(tmp_path)["cost"]["iterations"], "val/psnr" in read(tmp_path)["metrics"]))

    fit(tmp_path, [Watched(tmp_path, HEADER)], Toy(iterations=8))
    assert seen[:2] == [(4, True), (8, True)]


def test_a_run_that_breaks_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="on purpose"):
        fit(tmp_path, [Results(tmp_path, HEADER)], Toy(fail_at=6))
    record = read(tmp_path)
    assert (record["status"], record["cost"]["iterations"]) == ("failed", 6)
    assert record["metrics"]["val/psnr"] > 0


def test_an_interrupted_run_says_so(tmp_path):
    class Stopped(Toy):
        def losses(self, batch):
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(tmp_path, [Results(tmp_path, HEADER)], Stopped())
    assert read(tmp_path)["status"] == "interrupted"


def test_the_cost_goes_on_after_a_resume(tmp_path):
    keeper = Checkpoints(str(tmp_path))
    first, results = Results(tmp_path, HEADER), Results(tmp_path, HEADER)
    fit(tmp_path, [first, keeper], Toy(iterations=8))
    fit(tmp_path, [results, keeper], Toy(iterations=10), ckpt_path=tmp_path / "last.ckpt")
    assert results.pictures == 20
    assert results.seconds > first.seconds > 0
    assert read(tmp_path)["cost"]["train_seconds"] == round(results.seconds, 2)


def test_the_commit_is_that_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    (tmp_path / "a").write_text("1")
    for words in (["init", "-q"], ["add", "a"], ["commit", "-qm", "m"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert commit() == head
    (tmp_path / "a").write_text("2")
    assert commit() == f"{head}+changes"


def test_devices_are_named():
    assert device_name(torch.device("cpu"), 1) == "cpu"
    assert device_name(torch.device("cpu"), 2) == "2 x cpu"
