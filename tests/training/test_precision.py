"""bfloat16 autocast on the CPU: at equal weights every paper's losses are near those of float32, its gradients finite.

Two trajectories would part within a dozen steps, an adversarial one by more than bfloat16 does, and then tell of the
order in which one machine adds.
"""

import pytest
import torch

from tests.helpers.tiny import PAPERS, losses

NEAR = 0.01
"""Largest relative distance of a step's total loss: 2.7 times the largest of them all, LaMa's 0.0037."""


def totals(folder):
    steps = losses(folder).values()
    return torch.tensor([float(rows[0]["train/loss"]) for rows in steps if "train/loss" in rows[0]])


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_bf16_is_finite_and_near_fp32(paper, still):
    full, half = (totals(still / paper / name) for name in ("fp32", "bf16"))
    assert len(full) == len(half) >= 6  # DeepFill v1's generator plays in every third step
    distance = float(((half - full) / full).abs().max())
    print(f"largest distance {distance:.4f}")
    assert distance < NEAR
    last = torch.load(still / paper / "bf16" / "checkpoints" / "last.ckpt", weights_only=True)
    gathered = [state["exp_avg"] for each in last["optimizer_states"] for state in each["state"].values()]
    assert gathered
    assert all(gradient.isfinite().all() for gradient in gathered)
