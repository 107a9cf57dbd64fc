import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.tracking import schema
from inpaintlab.tracking.logger import Tracker
from tests.tracking.run_file import read, read_file
from tests.training.callbacks.toy import Toy, fit, samples
from tests.training.test_train import TINY, only_run, train

CONFIG = {"model": "toy", "data": "noise", "mask": "dots", "hardware": "cpu", "seed": 0, "size": 16, "channels": 3}


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """A verb's process has W&B's service to itself, even if this process has begun one."""
    monkeypatch.delenv("WANDB_SERVICE", raising=False)


class Game(AdversarialModule):
    """Two optimisers, and two steps of the generator in each iteration."""

    players = ("generator", "critic")
    generator_steps = 2

    def __init__(self, iterations):
        super().__init__()
        self.save_hyperparameters()
        self.iterations = iterations
        self.generator, self.critic = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 1, 1)

    def inpaint(self, corrupted, known):
        return self.generator(corrupted).sigmoid()

    def generator_losses(self, batch):
        return {"adversarial": -self.critic(self.inpaint(batch.corrupted, batch.known)).mean()}

    def discriminator_losses(self, batch):
        return {"critic": {"real": self.critic(batch.image).square().mean()}}

    def optimizer_for(self, player):
        return torch.optim.SGD(getattr(self, player).parameters(), 0.1)


class Told(Tracker):
    """Keeps what it would send."""

    def __init__(self):
        super().__init__("nowhere", CONFIG, offline=True)
        self.lines, self.constants = [], {}

    @property
    def experiment(self):
        return self

    @property
    def config(self):
        return self.constants

    def log(self, line):
        self.lines.append(line)


class Constants(dict):
    def update(self, other, allow_val_change):
        super().update(other)


@pytest.mark.parametrize("kind", [Toy, Game])
def test_x_is_the_iteration_that_is_finished_whatever_the_number_of_optimisers(tmp_path, kind):
    logger = Told()
    logger.constants = Constants()
    fit(tmp_path, [], kind(iterations=6), logger=logger)
    assert [line["iteration"] for line in logger.lines if "train/loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["iteration"] for line in logger.lines if "val/psnr" in line] == [4, 6]
    assert not any("trainer/global_step" in line for line in logger.lines)


def test_x_goes_on_after_a_resume(tmp_path):
    trainer = fit(tmp_path, [], Game(iterations=3))
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    logger = Told()
    logger.constants = Constants()
    fit(tmp_path, [], Game(iterations=5), logger=logger, ckpt_path=tmp_path / "x.ckpt")
    assert [line["iteration"] for line in logger.lines if "train/loss" in line] == [4, 5]


def test_baselines_touch_neither_the_runs_measures_nor_its_constants(tmp_path):
    logger = Told()
    logger.constants = Constants()
    model = Toy(iterations=2)
    trainer = fit(tmp_path, [], model, logger=logger)
    loader = DataLoader(samples(), batch_size=4)
    own = trainer.test(model, loader, verbose=False)[0]
    other = trainer.test(Game(iterations=9), loader, verbose=False)[0]
    told = {key: value for line in logger.lines for key, value in line.items()}
    assert told["test/psnr"] == pytest.approx(own["test/psnr"])
    assert told["baselines/Game/psnr"] == pytest.approx(other["test/psnr"])
    assert own["test/psnr"] != other["test/psnr"]
    assert logger.constants["model/iterations"] == 2
    assert all(line["iteration"] == 2 for line in logger.lines if "baselines/Game/psnr" in line)


def test_the_id_is_known_before_the_run_begins_and_is_that_of_the_folder(tmp_path):
    new = Tracker(str(tmp_path), CONFIG, offline=True)
    assert new.version == new._wandb_init["id"]
    (tmp_path / "wandb_id").write_text("known\n")
    assert Tracker(str(tmp_path), CONFIG, offline=True).version == "known"


@pytest.mark.slow
def test_what_an_offline_run_of_the_verb_holds(tmp_path):
    words = [*TINY, "logger=wandb", "logger.offline=true", "trainer.log_every_n_steps=1", "logger.group=sweep"]
    train(tmp_path, *words)
    folder = only_run(tmp_path, "pconv-photos-irregular")
    told = read(folder)
    assert (told.run.job_type, told.run.run_group, told.run.project) == ("train", "sweep", "inpaintlab")
    assert told.run.display_name == "pconv-photos-irregular"
    assert list(told.run.tags) == ["pconv", "photos", "irregular"]
    assert told.run.run_id == (folder / "wandb_id").read_text().strip()

    assert set(schema.CONFIG) <= set(told.config)
    assert (told.config["model"], told.config["hardware"], told.config["seed"]) == ("pconv", "cpu", 0)
    assert (told.config["size"], told.config["batch_size"]) == (32, 4)
    assert (told.config["model/width"], told.config["model/levels"]) == (4, 3)
    assert told.config["model/stages/0/lr"] == pytest.approx(2e-4)
    assert not {"radius", "width"} & set(told.config)  # of a baseline; of the model, but not where it belongs

    assert told.metrics["*"].step_metric == "iteration"
    assert told.metrics["val/psnr_hole"].summary.max
    assert told.metrics["val/l1"].summary.min
    assert [line["iteration"] for line in told.history if "train/loss" in line] == [1, 2, 3, 4]
    assert [line["iteration"] for line in told.history if "val/psnr" in line] == [2, 4]
    best = max(line["val/psnr_hole"] for line in told.history if "val/psnr_hole" in line)
    assert told.summary["val/psnr_hole"] == {"max": pytest.approx(best)}
    results = json.loads((folder / "results.json").read_text())
    assert told.summary["test/psnr"] == pytest.approx(results["metrics"]["test/psnr"])
    assert told.summary["baselines/telea/psnr"] == pytest.approx(results["baselines"]["telea"]["test/psnr"])

    assert told.artifacts[f"checkpoint-{told.run.run_id}"] == ["best.ckpt"]

    media = told.files / "media"
    assert len(list(media.glob("images/samples*.png"))) == 2
    tables = told.tables[schema.SAMPLES]
    assert [{row["iteration"] for row in rows} for rows in tables] == [{2}, {4}]
    picture = tables[0][0]["completed"]
    assert (picture["width"], picture["height"]) == (32, 32)
    assert folder in Path(picture["local_path"]).parents  # it waits in the run's folder to be sent
    assert Image.open(picture["local_path"]).size == (32, 32)

    train(tmp_path, *words, "ckpt=last", "trainer.max_steps=6")
    parts = sorted(folder.glob("wandb/offline-run-*/*.wandb"))
    first, second = (read_file(path) for path in parts)
    assert first.run.run_id == second.run.run_id
    assert [line["iteration"] for line in second.history if "train/loss" in line] == [5, 6]


@pytest.mark.slow
def test_without_credentials_the_verb_ends_in_one_line_and_asks_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    answer = train(tmp_path, *TINY, "logger=wandb", ok=False)
    assert answer.returncode == 2
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("error")]
    assert "not logged in" in line
    assert "logger.offline=true" in line
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_the_jobs_of_a_sweep_are_runs_of_one_group(tmp_path):
    train(tmp_path, "-m", *TINY, "logger=wandb", "logger.offline=true", "trainer.max_steps=1", "seed=1,2",
          "trainer.val_check_interval=1", "callbacks=none")  # fmt: skip
    told = [read_file(path) for path in sorted(tmp_path.glob("runs/multirun/*/*/wandb/offline-run-*/*.wandb"))]
    assert {one.config["seed"] for one in told} == {1, 2}
    (sweep,) = Path(tmp_path, "runs", "multirun").iterdir()
    assert {one.run.run_group for one in told} == {sweep.name}
    assert len({one.run.run_id for one in told}) == 2
