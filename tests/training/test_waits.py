"""Between two looks no step waits for the device: ``python -m tests.training.test_waits`` prints how often one does."""

import sys
import tempfile
import warnings

import pytest
import torch

from tests.helpers.tiny import PAPERS
from tests.helpers.waits import Waits, train_on_nothing
from tests.training.callbacks.toy import Toy, fit

STEPS = 7
WORDS = {"edge_connect_joint": ["data.edges={sigma: 2.0, low: 0.1, high: 0.2}"]}
"""Canny follows edges from pixel to pixel: where a step must not wait for it, the loader's workers do it."""


def waits_of(paper, folder):
    """Train; return what waited in each step but the last, in which the training ends."""
    words = [f"trainer.max_steps={STEPS}", "callbacks.finite.every=5", *WORDS.get(paper, [])]
    return list(train_on_nothing(paper, folder, *words).values())[:-1]


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_a_step_waits_for_the_look_at_the_losses_alone(paper, tmp_path):
    *steps, fifth, sixth = waits_of(paper, tmp_path)
    assert steps == [[]] * 4
    assert fifth
    assert all("finite.py" in told for told in fifth)
    assert sixth == []


@pytest.mark.slow
def test_the_average_of_the_weights_lets_nobody_wait(tmp_path):
    steps = list(train_on_nothing("pconv", tmp_path, "callbacks=ema", "trainer.max_steps=6").values())
    assert steps[:-1] == [[]] * 5


def test_who_waits_is_noticed():
    values, mask = torch.ones(3, device="meta"), torch.ones(3, device="meta", dtype=torch.bool)
    with Waits() as waits:
        bool(values.sum() > 0), float(values[0]), values[mask], values.cpu(), values.to("cpu")
        torch.tensor(1.0, device="meta"), torch.ones(3).to(values), torch.ones(3).to(values, non_blocking=True)
    assert [told.split(" (")[0] for told in waits.told] == [
        "__bool__", "__float__", "a mask as index", "cpu", "cpu",
        "tensor, a copy that blocks", "to, a copy that blocks",
    ]  # fmt: skip


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_step_waits_for_no_gpu(tmp_path):
    class Strict(Toy):
        """Steps 2 to 5 raise an error where they wait."""

        def on_train_batch_start(self, batch, batch_idx):
            torch.cuda.set_sync_debug_mode("error" if 2 <= int(self.iteration) <= 5 else "default")

    from inpaintlab.training.callbacks.finite import FiniteLoss
    from inpaintlab.training.callbacks.learning_rate import LearningRate

    try:
        fit(tmp_path, [FiniteLoss(str(tmp_path)), LearningRate()], Strict(iterations=8), accelerator="gpu",
            limit_val_batches=0, log_every_n_steps=100)  # fmt: skip
    finally:
        torch.cuda.set_sync_debug_mode("default")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    for name in sys.argv[1:] or PAPERS:
        with tempfile.TemporaryDirectory() as scratch:
            told = waits_of(name, scratch)
        print(f"{name:20}", *(len(step) for step in told), flush=True)
