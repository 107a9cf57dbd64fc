"""Killed without warning and taken up again, a run ends as if nothing had happened: bit by bit, for every paper."""

import random

import pytest
import torch

from tests.helpers.tiny import PAPERS, losses
from tests.helpers.trainings import train


def equal(first, second, path=""):
    """Return the paths at which two nested states differ."""
    if isinstance(first, torch.Tensor):
        return [] if torch.equal(first, second) else [path]
    if isinstance(first, dict):
        assert first.keys() == second.keys(), path
        return [name for key in first for name in equal(first[key], second[key], f"{path}/{key}")]
    if isinstance(first, (list, tuple)):
        assert len(first) == len(second), path
        return [name for i, pair in enumerate(zip(first, second, strict=True)) for name in equal(*pair, f"{path}/{i}")]
    return [] if first == second else [path]


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_sigkill_at_a_random_step_changes_no_bit(paper, straight, tmp_path):
    at = random.randrange(5, 20)
    whole = straight(paper)
    kill = ["+callbacks.kill._target_=tests.helpers.killing.Kill", f"+callbacks.kill.at={at}",
            "+callbacks.kill.marker=killed",
            "callbacks.checkpoint.every=4"]  # fmt: skip
    assert train(paper, "killed-run", *kill, cwd=tmp_path).returncode == -9, f"killed at {at}"
    answer = train(paper, "killed-run", *kill, cwd=tmp_path)
    assert answer.returncode == 0, f"killed at {at}: {answer.stdout}{answer.stderr}"
    assert "resume killed-run/checkpoints/last.ckpt" in answer.stdout.replace(f"{tmp_path}/", "")

    killed = tmp_path / "killed-run"
    one, two = (torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True) for folder in (whole, killed))
    assert int(one["state_dict"]["iteration"]) == 20
    for key in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert equal(one[key], two[key], key) == [], f"killed at {at}"
    expected, found = losses(whole), losses(killed)
    assert len(expected) == 20
    assert found.keys() == expected.keys(), f"killed at {at}"
    # Where a generator waits, Lightning repeats its last losses; a run that is taken up has none to repeat at first.
    told = [(values.items(), expected[step][0].items()) for step, rows in found.items() for values in rows]
    assert all(values and values <= one for values, one in told), f"killed at {at}"
