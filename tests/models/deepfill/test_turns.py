"""Who plays when, in a training of either version: the critics in every batch, the generator in every third."""

from itertools import pairwise

import pytest
import torch

from inpaintlab.models.deepfill import DeepFill
from tests.models.contract import Contract
from tests.models.deepfill.presets import BOTH, arguments_of


class Watched(DeepFill):
    """Remembers, just before each step, who steps and what everything looks like."""

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        index = [own is optimizer for own in self.trainer.optimizers].index(True)
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.__dict__.setdefault("events", []).append((int(self.iteration), self.players[index], state))


def watched(version, **arguments):
    torch.manual_seed(0)
    narrow = {"size": 32, "width": 2, "critic_width": 2, "critic_steps": 3, "iterations": 7}
    return Watched(**(arguments_of(version) | narrow | arguments))


def fit(model, batch, folder, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, **({"max_epochs": 100} | arguments))
    trainer.fit(model, contract.loader(batch, 20), ckpt_path=ckpt_path)
    return trainer


def order(model):
    return [(iteration, player) for iteration, player, _ in model.events]


def expected_order(version, iterations=range(7)):
    """Three batches for the critics, the third one for the generator too."""
    critics = ["global_critic", "local_critic"] if version == "v1" else ["critic"]
    return [(i, player) for i in iterations for player in [*critics, *(["generator"] if i % 3 == 2 else [])]]


@BOTH
def test_whose_turn_moves_what(version, batch, tmp_path):
    """Between two steps the first one's weights move, and spectral normalisation's vectors, which follow every look."""
    model = watched(version)
    trainer = fit(model, batch, tmp_path)
    assert order(model) == expected_order(version)
    assert int(model.iteration) == trainer.global_step == 7
    for (_, player, before), (_, _, after) in pairwise(model.events):
        moved = {key for key in before if not torch.equal(before[key], after[key])}
        vectors = {key for key in moved if key.endswith((".0._u", ".0._v"))}
        assert moved - vectors
        assert all(key.startswith(f"{player}.") for key in moved - vectors)
        assert version == "v2" or not vectors


@pytest.mark.slow
@BOTH
def test_resume_goes_on_bit_by_bit(version, batch, tmp_path):
    """Stopped while the generator waits: the mixing of the penalty goes on too."""
    whole, first, second = (watched(version) for _ in range(3))
    fit(whole, batch, tmp_path)
    fit(first, batch, tmp_path, max_steps=4).save_checkpoint(tmp_path / "part.ckpt")
    fit(second, batch, tmp_path, ckpt_path=tmp_path / "part.ckpt")
    assert order(second) == expected_order(version, range(4, 7))
    for key, value in whole.state_dict().items():
        assert torch.equal(second.state_dict()[key], value), key


@BOTH
def test_a_run_in_bfloat16_stays_finite(version, batch, tmp_path):
    model = watched(version)
    fit(model, batch, tmp_path, precision="bf16-mixed")
    assert order(model) == expected_order(version)
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.eval().inpaint(batch.corrupted, batch.known).dtype == torch.float32
