"""What a training begins with: a checkpoint that is resumed, or weights that it takes over."""

import pytest
import torch
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.training.train import train
from tests.models.hostile import Gadget, changed, half, honest, one_bit

TINY = ["model=pconv", "mask=irregular", "model.width=4", "model.levels=3", "model.perceptual=0", "model.style=0",
        "data.size=32", "data.batch_size=2", "data.num_workers=0", "hardware=cpu", "logger=none", "baselines=null",
        "trainer.limit_val_batches=1", "+trainer.limit_test_batches=1", "trainer.max_steps=1"]  # fmt: skip


def trained(**fields):
    """What a checkpoint of a training holds, with these fields instead."""
    state = {"pytorch-lightning_version": "2.6.0", "epoch": 0, "global_step": 1, "loops": {}, "callbacks": {},
             "optimizer_states": [], "lr_schedulers": []}  # fmt: skip
    return honest() | state | fields


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (honest, "it has no pytorch-lightning_version of a training .*: init_from="),
        (lambda: trained(loops=[1]), r"it has no loops of a training \(dict\)"),
        (
            lambda: trained(model="inpaintlab.models.madf.module.MADF"),
            "one of 'inpaintlab.models.madf.module.MADF', and",
        ),
        (lambda: trained(state_dict=[1]), "state_dict should be {name: tensor}"),
        (lambda: trained(state_dict={}), r"its weights lack iteration, for which the words model\.\* ask in PConv"),
    ],
)
def test_what_is_no_state_of_this_training_is_told(content, message, tmp_path):
    torch.save(content(), tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=message) as told:
        begin(tmp_path / "run", f"ckpt={tmp_path}/a.ckpt")
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_a_training_goes_on(tmp_path):
    begin(tmp_path / "run")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert int(begin(tmp_path / "more", f"ckpt={last}", "trainer.max_steps=3")["iteration"]) == 3


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


DCGAN = ["model=dcgan", "mask=center", "paper.size=32", *TINY[7:], "model.width=4", "model.latent=8",
         "model.search_iterations=2", "model.validation_iterations=1"]  # fmt: skip


def begin_gan(folder, *words):
    train(inpaintlab.compose(*DCGAN, *words, folder=folder), folder)
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def test_a_gan_begins_with_one_player_on_other_data(tmp_path, capsys):
    """Clock, optimisers and the data's position begin at 0, and are at 1 after one step."""
    begin_gan(tmp_path / "first", "trainer.max_steps=3")
    (tmp_path / "pictures").mkdir()
    for number in range(10):
        Image.effect_noise((32, 32), 10 * (number + 1)).convert("RGB").save(tmp_path / "pictures" / f"{number}.png")
    last = tmp_path / "first" / "checkpoints" / "last.ckpt"
    capsys.readouterr()
    words = ["data=folder", f"data.root={tmp_path}/pictures", "model.lr=1e-12"]
    state = begin_gan(tmp_path / "second", *words, f"init_from={last}", "init_part=generator")
    told = capsys.readouterr().out
    assert "weights of generator taken" in told
    assert int(state["state_dict"]["iteration"]) == 1
    assert state["Folder"] == {"epoch": 0, "batch": 1}
    assert all(entry["step"] == 1 for one in state["optimizer_states"] for entry in one["state"].values())
    first = torch.load(last, weights_only=True)["state_dict"]
    weights = [name for name in first if name.endswith("weight")]
    for player, same in (("generator", True), ("discriminator", False)):
        own = [name for name in weights if name.startswith(player) and first[name].ndim > 1]
        assert own
        assert all(torch.allclose(state["state_dict"][name], first[name]) is same for name in own), player


def test_a_part_of_nothing_is_told(tmp_path):
    with pytest.raises(UserError, match=r"init_part=generator: of which file\? init_from=<file> is needed"):
        begin_gan(tmp_path / "run", "init_part=generator")
