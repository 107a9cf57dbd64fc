import torch

from inpaintlab.training.callbacks.checkpoint import Checkpoints
from inpaintlab.training.callbacks.weight_average import WeightAverage
from tests.training.callbacks.toy import Toy, fit


class Recorder(WeightAverage):
    """Keeps the trained weights after every step."""

    def __init__(self, decay):
        super().__init__(decay)
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, *args):
        super().on_train_batch_end(trainer, pl_module, *args)
        self.seen.append(weights_of(pl_module))


def weights_of(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()]).clone()


def delivered(checkpoint):
    """What a reader of the file takes for the model."""
    state = state_of(checkpoint)["state_dict"]
    return torch.cat([state[name].flatten() for name in ("network.weight", "network.bias")]), int(state["iteration"])


def state_of(checkpoint):
    return torch.load(checkpoint, weights_only=True)


def test_the_average_is_what_the_formula_says_and_what_is_delivered(tmp_path):
    recorder, model = Recorder(0.5), Toy(iterations=6)
    fit(tmp_path, [recorder, Checkpoints(str(tmp_path))], model)
    average = recorder.seen[0]
    for steps, weights in enumerate(recorder.seen[1:], start=1):
        decay = min(0.5, (1 + steps) / (10 + steps))
        average = decay * average + (1 - decay) * weights
    assert not torch.allclose(average, recorder.seen[-1])
    torch.testing.assert_close(weights_of(model), average)
    weights, iteration = delivered(tmp_path / "last.ckpt")
    torch.testing.assert_close(weights, average)
    assert iteration == 6  # counters are copied


def test_validation_sees_the_average(tmp_path):
    class Watched(Toy):
        def validation_step(self, batch, batch_idx):
            super().validation_step(batch, batch_idx)
            if batch_idx == 0:
                judged.append(weights_of(self))

    judged = []
    recorder, model = Recorder(0.9), Watched(iterations=8)
    fit(tmp_path, [recorder, Checkpoints(str(tmp_path))], model, num_sanity_val_steps=0)
    assert len(judged) == 2
    assert not any(torch.equal(weights, trained) for weights in judged for trained in recorder.seen)
    best = delivered(tmp_path / "best.ckpt")[0]
    assert any(torch.equal(best, weights) for weights in judged)


def test_a_run_that_was_stopped_goes_on_bit_by_bit(tmp_path):
    whole = tmp_path / "whole"
    torch.manual_seed(0)
    fit(whole, [WeightAverage(0.9), Checkpoints(str(whole))], Toy(iterations=8))
    parts = tmp_path / "parts"
    torch.manual_seed(0)
    fit(parts, [WeightAverage(0.9), Checkpoints(str(parts))], Toy(iterations=8), max_steps=4)
    torch.manual_seed(1)
    resumed = [WeightAverage(0.9), Checkpoints(str(parts))]
    fit(parts, resumed, Toy(iterations=8), ckpt_path=parts / "last.ckpt")
    one, other = state_of(whole / "last.ckpt"), state_of(parts / "last.ckpt")
    for key in ("state_dict", "current_model_state", "averaging_state"):
        for name, value in one[key].items():
            assert torch.equal(other[key][name], value), (key, name)
