"""Stopped in order and taken up again, a run ends as if nothing had happened: bit by bit."""

import signal

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from tests.helpers.tiny import losses
from tests.helpers.trainings import train
from tests.training.test_exact_resume import equal

KILL = "+callbacks.kill._target_=tests.helpers.killing.Kill"
STOPS = {
    "max_steps": ["trainer.max_steps=9"],
    "max_time": ["+callbacks.time._target_=tests.training.test_stop_in_order.TimeIsUp", "+callbacks.time.at=9"],
    "Ctrl-C": [
        KILL,
        "+callbacks.kill.at=8",
        "+callbacks.kill.marker=told",
        f"+callbacks.kill.number={signal.SIGINT:d}",
    ],
}
SCHEDULES = {
    "pconv": (9, "model.stages=[{iterations: 9, lr: 1e-3, freeze_encoder_bn: false}]"),
    "blind": (9, "model.stages=[{iterations: 9, lr: 1e-3}]"),
    "dcgan": (9, "model.iterations=9"),
    "context_encoder": (6, "model.phases=[{iterations: 6, rec: 1.0, local: 0.0, global: 0.0, ramp: 0.0}]"),
}
"""Where a shorter schedule ends, and its word; a longer one goes on from it. MADF's is ``trainer.max_steps`` itself."""
FIVE = ["pconv", "madf", "blind", "context_encoder", "dcgan"]
"""The compared systems are killed at any iteration by ``test_exact_resume``, which goes on by the same way."""


class TimeIsUp(Callback):
    """What Lightning's Timer does when ``trainer.max_time`` is over."""

    def __init__(self, at):
        self.at = at

    def on_train_batch_end(self, trainer, pl_module, *_):
        trainer.should_stop = trainer.should_stop or int(pl_module.iteration) == self.at


def last(folder):
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def assert_same_end(folder):
    one, two = (last(folder / name) for name in ("straight", "parts"))
    assert int(one["state_dict"]["iteration"]) == 20
    for key in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert equal(one[key], two[key], key) == []
    expected, found = losses(folder / "straight"), losses(folder / "parts")
    # Where a generator waits, Lightning repeats its last losses; a run that is taken up has none to repeat at first.
    assert found.keys() == expected.keys()
    assert all(rows[-1] and rows[-1].items() <= expected[step][-1].items() for step, rows in found.items())


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("paper", FIVE)
def test_20_iterations_in_two_parts_are_20_in_one(paper, stop, straight, tmp_path):
    (tmp_path / "straight").symlink_to(straight(paper))
    answer = train(paper, "parts", *STOPS[stop], cwd=tmp_path)
    assert answer.returncode == (130 if stop == "Ctrl-C" else 0), answer.stderr
    assert int(last(tmp_path / "parts")["state_dict"]["iteration"]) == 9
    if stop == "Ctrl-C":
        assert "interrupted; go on with: inpaintlab train " in answer.stderr
        assert "ckpt=parts/checkpoints/last.ckpt" in answer.stderr.replace(f"{tmp_path}/", "")
    assert train(paper, "parts", cwd=tmp_path).returncode == 0
    assert_same_end(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("at", [13, 14], ids=["an epoch's last batch", "an epoch's first batch"])
def test_a_stop_where_epochs_meet(at, straight, tmp_path):
    (tmp_path / "straight").symlink_to(straight("pconv"))
    assert train("pconv", "parts", f"trainer.max_steps={at}", cwd=tmp_path).returncode == 0
    assert train("pconv", "parts", cwd=tmp_path).returncode == 0
    assert_same_end(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("paper", SCHEDULES)
def test_a_schedule_that_ended_and_was_lengthened(paper, straight, tmp_path):
    (tmp_path / "straight").symlink_to(straight(paper))
    end, schedule = SCHEDULES[paper]
    assert train(paper, "parts", schedule, cwd=tmp_path).returncode == 0
    assert int(last(tmp_path / "parts")["state_dict"]["iteration"]) == end
    assert train(paper, "parts", cwd=tmp_path).returncode == 0
    assert_same_end(tmp_path)
