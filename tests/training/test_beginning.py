"""What a training begins with: a checkpoint that is resumed, or weights that it takes over."""

import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.training.train import train
from tests.models.hostile import Gadget, changed, half, honest, one_bit

TINY = ["model=pconv", "model.width=4", "model.levels=3", "model.perceptual=0", "model.style=0", "data.size=32",
        "data.batch_size=2", "data.num_workers=0", "hardware=cpu", "logger=none", "baselines=null",
        "trainer.limit_val_batches=1", "+trainer.limit_test_batches=1", "trainer.max_steps=1"]  # fmt: skip


def begin(folder, *words):
    train(inpaintlab.compose(*TINY, *words, folder=folder), folder)
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def test_a_checkpoint_that_would_run_something_is_not_resumed(tmp_path):
    """Lightning's own loader would run it."""
    torch.save(changed(callbacks=Gadget(f"touch {tmp_path}/trace")), tmp_path / "evil.ckpt")
    with pytest.raises(UserError, match=r"evil\.ckpt: torn, or not a checkpoint"):
        begin(tmp_path / "run", f"ckpt={tmp_path}/evil.ckpt")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("damage", [half, one_bit])
def test_a_damaged_checkpoint_is_not_resumed(damage, tmp_path):
    torch.save(honest(), tmp_path / "a.ckpt")
    damage(tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=r"a\.ckpt: (torn|damaged)"):
        begin(tmp_path / "run", f"ckpt={tmp_path}/a.ckpt")


def test_init_from_takes_the_weights_and_begins_at_0(tmp_path, capsys):
    """At a rate of almost 0 they are still there after the first step."""
    content = honest()
    content["state_dict"]["iteration"] = torch.tensor(100)
    torch.save(content, tmp_path / "a.ckpt")
    still = "model.stages=[{iterations: 5, lr: 1e-12, freeze_encoder_bn: false}]"
    state = begin(tmp_path / "run", f"init_from={tmp_path}/a.ckpt", still)
    assert f"{tmp_path}/a.ckpt: " in capsys.readouterr().out
    assert int(state["iteration"]) == 1
    name = "network.encoder.0.conv.weight"
    torch.testing.assert_close(state[name], content["state_dict"][name])
