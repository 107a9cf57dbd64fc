"""bfloat16 autocast on the CPU: at equal weights every paper's losses are near those of float32, its gradients finite.

Every step is taken back: two trajectories part within a dozen steps, an adversarial one by more than bfloat16 does, and
then tell of the order in which one machine adds. ``python -m tests.training.test_precision`` prints the distances.
"""

import sys
import tempfile
from pathlib import Path

import pytest
import torch

from tests.helpers.tiny import PAPERS, losses, train

STILL = ["+callbacks.still._target_=tests.helpers.freezing.StillWeights", "trainer.max_steps=18",
         "trainer.val_check_interval=18"]  # fmt: skip
WORDS = {"deepfill_v1": ["model.critic_steps=1"]}  # so that every step has a total
NEAR = 0.01
"""Largest relative distance of a step's total loss: three times the largest of them all, LaMa's 0.0033."""


def both(paper, folder):
    """Train in both precisions; return each step's total losses and, of bfloat16, all that its optimisers gathered."""
    totals = []
    for precision in ("32-true", "bf16-mixed"):
        answer = train(paper, precision, *STILL, *WORDS.get(paper, []), f"trainer.precision={precision}", cwd=folder)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        steps = losses(folder / precision).values()
        totals.append(torch.tensor([float(rows[0]["train/loss"]) for rows in steps if "train/loss" in rows[0]]))
    last = torch.load(folder / "bf16-mixed" / "checkpoints" / "last.ckpt", weights_only=True)
    gathered = [state["exp_avg"] for each in last["optimizer_states"] for state in each["state"].values()]
    return *totals, gathered


def distance(full, half):
    return float(((half - full) / full).abs().max())


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_bf16_is_finite_and_near_fp32(paper, tmp_path):
    full, half, gathered = both(paper, tmp_path)
    assert len(full) == len(half) >= 13
    assert distance(full, half) < NEAR
    assert gathered
    assert all(gradient.isfinite().all() for gradient in gathered)


if __name__ == "__main__":
    for name in sys.argv[1:] or PAPERS:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name:20} {distance(*both(name, Path(folder))[:2]):.4f}", flush=True)
