"""Trainings that several tests compare with."""

import pytest

from tests.helpers.once import make_once
from tests.helpers.tiny import PAPERS, TWO
from tests.helpers.trainings import run_in, train, write_job

STILL = ["+callbacks.still._target_=tests.helpers.freezing.StillWeights", "trainer.max_steps=18"]
"""18 steps at equal weights: each is taken back, so that nothing grows from one machine's last bit."""
FROZEN = ["+callbacks.frozen._target_=tests.helpers.freezing.FrozenNorm", "data.crops_per_picture=8"]


@pytest.fixture(scope="session")
def straight(tmp_path_factory):
    """A function that gives the folder of a paper's 20 iterations in one go."""

    def of(paper):
        def make(folder):
            answer = train(paper, folder, cwd=folder.parent)
            assert answer.returncode == 0, answer.stderr

        return make_once(tmp_path_factory, paper, make)

    return of


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """The folder with what each paper's optimisers gather in 18 steps at equal weights.

    <paper>/fp32 and /bf16; <paper>/one, BatchNorm held, and /two, of two processes, which printed stdout and stderr.
    """

    def make(root):
        for paper in PAPERS:
            write_job(paper, root / paper / "fp32", *STILL)
            write_job(paper, root / paper / "bf16", *STILL, "trainer.precision=bf16-mixed")
            write_job(paper, root / paper / "one", *STILL, *FROZEN, "data.batch_size=8")
            write_job(paper, root / paper / "two", *STILL, *FROZEN, *TWO)
        for processes, names in ((1, ("fp32", "bf16", "one")), (2, ("two",))):
            answer = run_in(processes, [root / paper / name for paper in PAPERS for name in names])
            assert answer.returncode == 0, answer.stdout + answer.stderr
        (root / "stdout").write_text(answer.stdout)
        (root / "stderr").write_text(answer.stderr)

    return make_once(tmp_path_factory, "still", make)
