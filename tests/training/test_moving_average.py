"""``callbacks=ema`` with a GAN: what follows whom, what is delivered, judged and gone on from."""

import pytest
import torch

import inpaintlab
from inpaintlab.training.callbacks.weight_average import MovingAverage
from inpaintlab.training.train import train
from tests.evaluation.evaluating import judged
from tests.helpers.tiny import COMMON, PAPERS


def run(folder, *words):
    given = ["model=dcgan", *COMMON, *PAPERS["dcgan"], "callbacks=ema", "callbacks.ema.decay=0.5", "logger=none",
             "model.lr=1e-2", "trainer.max_steps=4", *words]  # fmt: skip
    train(inpaintlab.compose(*given, folder=folder), folder)
    return folder / "checkpoints" / "last.ckpt"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A GAN of four iterations with its average, and its weights after each."""
    seen, update = [], MovingAverage.update_parameters

    def watched(self, model):
        seen.append({name: value.detach().clone() for name, value in model.named_parameters()})
        update(self, model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MovingAverage, "update_parameters", watched)
        return run(tmp_path_factory.mktemp("gan") / "run"), seen


def test_the_average_follows_both_players_once_an_iteration(trained):
    last, seen = trained
    assert len(seen) == 4
    average = dict(seen[0])
    for steps, weights in enumerate(seen[1:], start=1):
        decay = min(0.5, (1 + steps) / (10 + steps))
        average = {name: decay * average[name] + (1 - decay) * value for name, value in weights.items()}
    state = torch.load(last, weights_only=True)["state_dict"]
    assert {name.partition(".")[0] for name in average} == {"generator", "discriminator"}
    for name, value in average.items():
        torch.testing.assert_close(state[name], value)
        assert not torch.allclose(value, seen[-1][name]), name
    assert int(state["iteration"]) == 4


def test_evaluate_judges_the_average(trained, tmp_path):
    last, _ = trained
    content = torch.load(last, weights_only=True)
    torch.save(content | {"state_dict": content["current_model_state"]}, tmp_path / "weights.ckpt")
    loaded = inpaintlab.load(last).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in content["state_dict"].items())
    words = ["limit=2", "buckets=null", "mask=center", "save=0"]
    ours, theirs = (judged(tmp_path / path.stem, f"ckpt={path}", *words, model=None)["rows"][0]["psnr"]
                    for path in (last, tmp_path / "weights.ckpt"))  # fmt: skip
    assert ours != theirs


@pytest.mark.slow
def test_a_stopped_gan_and_its_average_go_on_bit_by_bit(trained, tmp_path):
    half = run(tmp_path / "run", "trainer.max_steps=2")
    whole, parts = (torch.load(path, weights_only=True) for path in (trained[0], run(tmp_path / "run", f"ckpt={half}")))
    for key in ("state_dict", "current_model_state", "averaging_state"):
        assert all(torch.equal(parts[key][name], value) for name, value in whole[key].items()), key
