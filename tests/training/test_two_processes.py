"""Two processes are one with the doubled batch, for every paper; a sweep's job may have two itself.

Every step is taken back, so that Adam's mean gradients are those of eighteen batches at equal weights: two trajectories
part within a dozen steps wherever a gradient is nothing but rounding, and then tell of one machine's last bit.
"""

import json

import pytest
import torch

from tests.helpers.process import run
from tests.helpers.tiny import COMMON, PAPERS, TWO

LIMIT = 1e-3
"""For the norm of the difference over the norm of each optimiser's mean gradients, in float32. One process sums eight
pictures' gradients, two sum four each and then the two sums; a rectifier that decides by the last bit weighs as much as
one pixel of 18 x 8 pictures. BatchNorm is held at its running statistics in both runs, because it normalises per
process; nothing else is left out. Those of another seed differ by 0.2 or more."""


def relative(first, second):
    """Return the norm of the difference of two lists of tensors over the norm of the first."""
    first, second = (torch.cat([value.double().flatten() for value in values]) for values in (first, second))
    value = float((first - second).norm() / first.norm())
    print(f"relative difference {value:.1e}")
    return value


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_two_processes_are_one_with_the_doubled_batch(paper, still):
    folders = [still / paper / name for name in ("one", "two")]
    first, second = (torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True) for folder in folders)
    assert int(first["state_dict"]["iteration"]) == int(second["state_dict"]["iteration"]) == 18
    for pair in zip(first["optimizer_states"], second["optimizer_states"], strict=True):
        one, two = ([state["exp_avg"] for state in optimizer["state"].values()] for optimizer in pair)
        assert relative(one, two) < LIMIT
    metrics = [json.loads((folder / "results.json").read_text())["metrics"] for folder in folders]
    assert metrics[0].keys() == metrics[1].keys()


@pytest.mark.slow
def test_the_first_lines_count_the_pictures_of_all_processes(still):
    assert (still / "stdout").read_text().count("4 pictures x 2 processes = 8 pictures") == len(PAPERS)
    assert (
        "find_unused_parameters=True was specified" not in (still / "stderr").read_text()
    )  # DDP's warning where it is not needed


@pytest.mark.slow
def test_a_job_of_a_sweep_with_two_processes(tmp_path):
    """Only here a sweep itself starts torchrun."""
    folder = tmp_path / "experiments" / "tiny"
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(
        "# @package _global_\ndefaults: [experiment, override model: pconv, _self_]\n"
        "hydra: {sweeper: {params: {seed: '2'}}}\n"
    )
    words = [word for word in (*COMMON, *PAPERS["pconv"]) if word != "hardware=cpu"]
    answer = run("inpaintlab.verbs.sweep", "experiment=tiny", *words, *TWO, "trainer.max_steps=3", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (path,) = (tmp_path / "runs/sweeps/tiny").glob("*/results.json")
    record = json.loads(path.read_text())
    assert (record["seed"], record["status"], record["cost"]["iterations"]) == (2, "done", 3)
    assert "1 job: 1 done" in answer.stdout
