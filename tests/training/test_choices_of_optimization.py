"""With another optimiser, another schedule and clipping, 20 iterations and 20 more are 40 in one, bit by bit."""

import pytest
import torch
from lightning import Trainer
from torch.optim.optimizer import register_optimizer_step_post_hook

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.training.setup import make_data, make_model
from inpaintlab.training.train import train
from tests.helpers.tiny import COMMON, PAPERS
from tests.training.test_exact_resume import equal

CASES = {
    "pconv": ["optimizer=adamw", "optimizer.weight_decay=0.1", "lr_schedule=cosine", "lr_schedule.warmup=5",
              "model.stages=[{iterations: 30, lr: 1e-3, freeze_encoder_bn: false},"
              "{iterations: 10, lr: 1e-4, freeze_encoder_bn: true}]"],
    "pathak": ["optimizer=rmsprop", "lr_schedule=warmup", "lr_schedule.warmup=25", "model.iterations=40"],
}  # fmt: skip


def run(paper, folder, *words):
    given = [f"model={paper}", *COMMON, *PAPERS[paper], *CASES[paper], "model.clip_norm=0.5", "logger=none",
             "trainer.val_check_interval=20", *words]  # fmt: skip
    train(inpaintlab.compose(*given, folder=folder), folder)
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("paper", CASES)
def test_20_and_20_are_40(paper, tmp_path, capsys):
    whole = run(paper, tmp_path / "whole")
    run(paper, tmp_path / "parts", "trainer.max_steps=20")
    last = tmp_path / "parts" / "checkpoints" / "last.ckpt"
    parts = run(paper, tmp_path / "parts", f"ckpt={last}")
    assert int(whole["state_dict"]["iteration"]) == int(parts["state_dict"]["iteration"]) == 40
    for key in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert equal(whole[key], parts[key], key) == []
    told = capsys.readouterr().out
    assert f"optimizer={CASES[paper][0].partition('=')[2]}, in place of the paper's" in told
    assert ("the rates fall to 0 at iteration 40, and the run ends at 20" in told) is (paper == "pconv")
    assert "40 iterations, 20 of them done" in told
    with pytest.raises(UserError, match="was begun with optimizer="):
        run(paper, tmp_path / "parts", f"ckpt={last}", "optimizer=adam")


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_no_step_of_any_model_follows_a_longer_gradient(paper, tmp_path):
    """What every optimiser had in hand as it stepped, in a GAN each player's."""
    norms = []

    def look(optimizer, *_):
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        norms.append(float(torch.stack([grad.norm() for grad in grads]).norm()))

    words = [f"model={paper}", *COMMON, *PAPERS[paper], "model.clip_norm=1e-6", "trainer.limit_val_batches=0"]
    cfg = inpaintlab.compose(*words, folder=tmp_path)
    torch.manual_seed(0)
    model, data = make_model(cfg), make_data(cfg)
    handle = register_optimizer_step_post_hook(look)
    try:
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "limit_val_batches": 0}
        Trainer(accelerator="cpu", max_steps=3, use_distributed_sampler=False, **quiet).fit(model, data)
    finally:
        handle.remove()
    assert len(norms) >= 3
    assert max(norms) == pytest.approx(1e-6, rel=1e-2)
