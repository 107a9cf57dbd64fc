"""Two processes are one with the doubled batch, for every paper; a sweep's job may have two processes itself."""

import json

import pytest
import torch

from tests.helpers.tiny import COMMON, PAPERS, run, train

TWO = ["hardware=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
FROZEN = ["+callbacks.frozen._target_=tests.helpers.freezing.FrozenNorm", "trainer.max_steps=12",
          "data.crops_per_picture=8"]  # fmt: skip
WEIGHTS, MOMENTS = 1e-5, 1e-3
"""Limits for the norm of the difference over the norm, of all weights and of Adam's mean gradients, after 12 steps in
float32. One process sums eight pictures' gradients, two sum four each and then the two sums; Adam divides a gradient
by its own size, so where one is nothing but rounding, its step has the sign of the rounding. The moments see that
first: 2e-6 at most was measured for four papers, 9e-5 for the blind one. BatchNorm is held at its running statistics
in both runs, because it normalises per process; nothing else is left out."""


def relative(first, second):
    """Return the norm of the difference of two lists of tensors over the norm of the first."""
    first, second = (torch.cat([value.double().flatten() for value in values]) for values in (first, second))
    value = float((first - second).norm() / first.norm())
    print(f"relative difference {value:.1e}")
    return value


def moments(checkpoint):
    """Return Adam's mean gradients of all optimisers."""
    return [state["exp_avg"] for optimizer in checkpoint["optimizer_states"] for state in optimizer["state"].values()]


RUNS = [
    ("pconv", []),
    ("madf", []),
    ("blind", ["model.gradient=none"]),
    # Flat holes have gradients of exactly 0, where rectifiers decide by the last bit: it shows from the second step on.
    ("blind", ["trainer.max_steps=1"]),
    ("context_encoder", []),
    ("dcgan", []),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("paper", "words"), RUNS, ids=lambda value: value if isinstance(value, str) else "".join(value)
)
def test_two_processes_are_one_with_the_doubled_batch(paper, words, tmp_path):
    one = train(paper, "one", *FROZEN, *words, "data.batch_size=8", cwd=tmp_path)
    two = train(paper, "two", *TWO, *FROZEN, *words, cwd=tmp_path)
    assert one.returncode == two.returncode == 0, one.stderr + two.stdout + two.stderr
    assert "4 pictures x 2 processes = 8 pictures" in two.stdout
    assert "find_unused_parameters=True was specified" not in two.stderr  # DDP's warning where it is not needed
    first, second = (torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)
                     for name in ("one", "two"))  # fmt: skip
    assert relative(list(first["state_dict"].values()), list(second["state_dict"].values())) < WEIGHTS
    assert relative(moments(first), moments(second)) < MOMENTS
    metrics = [json.loads((tmp_path / name / "results.json").read_text())["metrics"] for name in ("one", "two")]
    assert metrics[0].keys() == metrics[1].keys()


@pytest.mark.slow
def test_a_sweep_of_two_jobs_with_two_processes_each(tmp_path):
    folder = tmp_path / "experiments" / "tiny"
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(
        "# @package _global_\ndefaults: [experiment, override model: pconv, _self_]\n"
        "hydra: {sweeper: {params: {seed: '1,2'}}}\n"
    )
    words = [word for word in (*COMMON, *PAPERS["pconv"]) if word != "hardware=cpu"]
    answer = run("inpaintlab.verbs.sweep", "experiment=tiny", *words, *TWO, "trainer.max_steps=3", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs/sweeps/tiny").glob("*/results.json")]
    assert sorted(record["seed"] for record in records) == [1, 2]
    assert all(record["status"] == "done" and record["cost"]["iterations"] == 3 for record in records)
    assert "2 jobs: 2 done" in answer.stdout
