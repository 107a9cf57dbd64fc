"""bfloat16 autocast on the CPU: every paper's losses stay finite and near those of float32.

``python -m tests.training.test_precision`` prints the distances after 200 steps; the test takes 40.
"""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.helpers.tiny import PAPERS, losses, train

NEAR = 0.05
"""Largest relative distance of the mean total loss over the last quarter of the steps: two trainings drift apart."""


def words(paper, steps):
    """Return the words of a schedule of so many steps, its phases in proportion."""
    half = steps // 2
    return {
        "pconv": [f"model.stages=[{{iterations: {steps}, lr: 1e-3, freeze_encoder_bn: false}}]"],
        "blind": [f"model.stages=[{{iterations: {steps}, lr: 1e-3}}]"],
        "madf": [f"trainer.max_steps={steps}"],
        "context_encoder": [
            f"model.phases=[{{iterations: {half}, rec: 1.0, local: 0.0, global: 0.0, ramp: 0.0}},"
            f"{{iterations: {half // 2}, rec: 0.9, local: 0.1, global: 0.0, ramp: 0.75}},"
            f"{{iterations: {half // 2}, rec: 0.8, local: 0.1, global: 0.1, ramp: 0.5}}]"
        ],
        "edge_connect_joint": [f"model.iterations={steps}", "model.lr=1e-3"],
        "dcgan": [f"model.iterations={steps}"],
        "lama": [f"model.iterations={steps}"],
        "glcic": [
            f"model.phases=[{{iterations: {half // 2}, plays: [generator]}},"
            f"{{iterations: {half // 2}, plays: [discriminator]}},"
            f"{{iterations: {half}, plays: [generator, discriminator]}}]"
        ],
        "pathak": [f"model.iterations={steps}"],
        "deepfill_v1": [f"model.iterations={steps}", "model.critic_steps=1"],  # so that every step has a total
        "deepfill_v2": [f"model.iterations={steps}"],
    }[paper]


def last_losses(paper, steps, folder):
    """Train in both precisions; a loss that is not finite would end the run with an error."""
    means = {}
    for precision in ("32-true", "bf16-mixed"):
        given = [*words(paper, steps), f"trainer.precision={precision}", f"trainer.val_check_interval={steps}"]
        answer = train(paper, precision, *given, cwd=folder)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        curve = losses(folder / precision)
        assert len(curve) == steps
        totals = [float(curve[step][0]["train/loss"]) for step in sorted(curve)[-steps // 4 :]]
        means[precision] = sum(totals) / len(totals)
    return means["32-true"], means["bf16-mixed"]


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_bf16_is_finite_and_near_fp32(paper, tmp_path):
    full, half = last_losses(paper, 40, tmp_path)
    assert abs(half - full) / abs(full) < NEAR


if __name__ == "__main__":
    for name in sys.argv[1:] or PAPERS:
        with tempfile.TemporaryDirectory() as folder:
            full, half = last_losses(name, 200, Path(folder))
        print(f"{name:16} fp32 {full:.4g}  bf16 {half:.4g}  distance {abs(half - full) / abs(full):.3f}", flush=True)
