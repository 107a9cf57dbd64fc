import errno
import os

import pytest
import torch
from lightning import Trainer

from inpaintlab.basics.errors import UserError
from inpaintlab.models.checkpoints import load_model
from inpaintlab.records.run import RunRecord
from inpaintlab.training.callbacks.checkpoint import Checkpoints
from inpaintlab.training.callbacks.results import Results
from tests.models.hostile import half
from tests.training.callbacks.toy import Toy, fit


class Scripted(Toy):
    """Its validations give the values of a list."""

    values = (20.0, 22.0, 21.0)

    def on_validation_epoch_end(self):
        self.log("val/psnr_hole", self.values[min(int(self.iteration) // 4 - 1, 2)])


def iteration(path):
    return int(load_model(path, trust="tests").iteration)


def test_last_is_written_in_between_and_at_the_end(tmp_path):
    seen = []

    class Watched(Checkpoints):
        def save_last(self, *args):
            if self.saved_at != int(args[1].iteration):
                seen.append(int(args[1].iteration))
            super().save_last(*args)

    fit(tmp_path, [Watched(str(tmp_path), every=4)], Toy(iterations=10))
    assert seen == [4, 8, 10]
    assert iteration(tmp_path / "previous.ckpt") == 8
    assert sorted(path.name for path in tmp_path.glob("*.ckpt*")) == ["best.ckpt", "last.ckpt", "previous.ckpt"]


def test_best_is_the_validation_with_the_best_value(tmp_path):
    keeper = Checkpoints(str(tmp_path))
    fit(tmp_path, [keeper], Scripted(iterations=12), num_sanity_val_steps=0)
    assert keeper.best == 22
    assert iteration(keeper.best_model_path) == 8
    assert iteration(keeper.last_model_path) == 12
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.ckpt", "last.ckpt"]


def test_the_lowest_can_be_the_best(tmp_path):
    keeper = Checkpoints(str(tmp_path), mode="min")
    fit(tmp_path, [keeper], Scripted(iterations=12), num_sanity_val_steps=0)
    assert iteration(keeper.best_model_path) == 4


def test_the_best_value_survives_a_resume(tmp_path):
    fit(tmp_path, [Checkpoints(str(tmp_path))], Scripted(iterations=8), num_sanity_val_steps=0)
    keeper = Checkpoints(str(tmp_path))
    resumed = {"ckpt_path": tmp_path / "last.ckpt", "num_sanity_val_steps": 0}
    fit(tmp_path, [keeper], Scripted(iterations=12), **resumed)
    assert keeper.best == 22
    assert iteration(keeper.best_model_path) == 8
    assert iteration(keeper.last_model_path) == 12


def test_a_value_that_is_not_a_number_is_never_the_best(tmp_path):
    keeper = Checkpoints(str(tmp_path))

    class Broken(Scripted):
        values = (torch.nan, 3.0, torch.nan)

    fit(tmp_path, [keeper], Broken(iterations=12), num_sanity_val_steps=0)
    assert keeper.best == pytest.approx(3)


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint_and_nothing_else(tmp_path, monkeypatch):
    """The run is told as failed; half a checkpoint would keep the disk full."""
    replace = os.replace
    results = Results(tmp_path, {"name": "toy", "choices": {}, "overrides": [], "seed": 0})

    def full(source, target):
        if str(source).endswith(".tmp") and (tmp_path / "previous.ckpt").exists():
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match=r"last\.ckpt: cannot be written \(No space left on device\); make room"):
        fit(tmp_path, [Checkpoints(str(tmp_path), every=4), results], Toy(iterations=10))
    assert iteration(tmp_path / "last.ckpt") == 4
    assert not list(tmp_path.glob(".*"))
    assert RunRecord.read(tmp_path).status == "failed"


def test_a_disk_that_is_full_before_the_first_byte(tmp_path, monkeypatch):
    def full(self, path, **_):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Trainer, "save_checkpoint", full)
    with pytest.raises(UserError, match=r"last\.ckpt: cannot be written"):
        fit(tmp_path, [Checkpoints(str(tmp_path), every=4)], Toy(iterations=10))
    assert not list(tmp_path.iterdir())


def test_a_torn_best_checkpoint_is_told_when_the_run_goes_on(tmp_path):
    fit(tmp_path, [Checkpoints(str(tmp_path))], Scripted(iterations=8), num_sanity_val_steps=0)
    half(tmp_path / "best.ckpt")
    with pytest.raises(UserError, match=r"best\.ckpt: torn"):
        fit(tmp_path, [Checkpoints(str(tmp_path))], Scripted(iterations=12), ckpt_path=tmp_path / "last.ckpt")
