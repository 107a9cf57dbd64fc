"""Another optimiser, another schedule, clipping: for models of one network and for GANs."""

from functools import partial

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.optimization import RateSchedule, optimize_with
from inpaintlab.models.pathak.module import PathakContextEncoder
from tests.models.contract import Contract, smooth_pictures, square_holes
from tests.models.test_adversarial import Duel

STAGES = [{"iterations": 2, "lr": 1e-2}, {"iterations": 3, "lr": 1e-4}]


def blind(**more):
    return BlindInpainting(width=4, stages=STAGES, **more)


def gan(**more):
    return PathakContextEncoder(size=32, width=4, bottleneck=8, overlap=0, iterations=5, **more)


def fit(model, folder, steps=5, channels=3):
    batch = Batch(smooth_pictures(2, channels, 32), square_holes(2, 32))
    Contract().trainer(folder, max_steps=steps, max_epochs=-1).fit(model, Contract().loader(batch, steps))
    return model


def watched(model, seen):
    """Note the rates that every step is taken with."""
    own = model.configure_optimizers

    def configure():
        made = own()
        for optimizer in made[0] if isinstance(made, tuple) else [made]:
            optimizer.register_step_pre_hook(lambda one, *_: seen.append([group["lr"] for group in one.param_groups]))
        return made

    model.configure_optimizers = configure
    return model


def test_a_warm_up_rises_and_a_cosine_falls():
    schedule = RateSchedule(warmup=4, decay="cosine")
    factors = [schedule.factor(iteration, 12) for iteration in range(13)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[4] == 1.0
    assert factors[8] == pytest.approx(0.5)
    assert factors[12] == pytest.approx(0)
    assert factors[3:] == sorted(factors[3:], reverse=True)
    assert [RateSchedule(warmup=2).factor(iteration, None) for iteration in range(4)] == [0.5, 1.0, 1.0, 1.0]


def test_rates_are_the_papers_times_the_schedule_for_the_time_of_a_step(tmp_path):
    model, seen = blind(), []
    optimize_with(model, None, RateSchedule(warmup=4))
    fit(watched(model, seen), tmp_path)
    assert [rates for (rates,) in seen] == pytest.approx([0.25e-2, 0.5e-2, 0.75e-4, 1e-4, 1e-4])
    assert model.optimizers().param_groups[0]["lr"] == 1e-4


def test_each_player_keeps_its_rate_under_another_optimiser(tmp_path):
    model, seen = gan(lr=1e-3, d_lr=1e-4), []
    optimize_with(model, partial(torch.optim.SGD, momentum=0.9), RateSchedule(decay="cosine"))
    assert model.rates_end == 5
    fit(watched(model, seen), tmp_path, steps=2)
    assert [type(wrapper.optimizer) for wrapper in model.optimizers()] == [torch.optim.SGD] * 2
    later = RateSchedule(decay="cosine").factor(1, 5)
    assert [rate for (rate,) in seen] == pytest.approx([1e-4, 1e-3, 1e-4 * later, 1e-3 * later])


def test_no_choice_changes_nothing(tmp_path):
    model, plain = blind(), blind()
    optimize_with(model, None, None)
    assert model.configure_optimizers == type(model).configure_optimizers.__get__(model)
    assert plain.rate_factor() == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"decay": "linear"}, "lr_schedule.decay=linear: expected none or cosine"),
        ({"warmup": -1}, "lr_schedule.warmup=-1: expected a whole number of at least 0"),
        ({"warmup": 1.5}, "lr_schedule.warmup=1.5: expected a whole number of at least 0"),
        ({"warmup": "x"}, "lr_schedule.warmup=x: expected a whole number of at least 0"),
        ({"iterations": 0, "decay": "cosine"}, "lr_schedule.iterations=0: expected a whole number of at least 1"),
        (
            {"warmup": 5, "decay": "cosine"},
            r"lr_schedule.iterations=5: cosine needs an end behind lr_schedule.warmup=5",
        ),
    ],
)
def test_schedules_that_cannot_be_are_told(given, message):
    with pytest.raises(UserError, match=message):
        optimize_with(blind(), None, RateSchedule(**given))


def test_a_paper_that_steers_its_own_optimiser_refuses_another():
    model = Duel(halve=("generator",))
    optimize_with(model, torch.optim.SGD, None)
    with pytest.raises(UserError, match="Duel steers its own by a schedule; take optimizer=paper"):
        model.configure_optimizers()


@pytest.mark.parametrize("make", [blind, gan])
def test_one_word_clips_the_gradients_of_every_network(make, tmp_path):
    """By SGD at rate 1 a step is as long as the gradient."""
    torch.manual_seed(0)
    model = make(clip_norm=1e-3)
    optimize_with(model, lambda groups: torch.optim.SGD([group | {"lr": 1.0} for group in groups]), None)
    if make is blind:
        model.on_train_batch_start = lambda *_: None  # which sets the stage's rate
    before = {name: value.clone() for name, value in model.named_parameters()}
    fit(model, tmp_path, steps=1)
    for player in getattr(model, "players", ("network",)):
        steps = [value - before[name] for name, value in model.named_parameters() if name.startswith(player)]
        assert float(torch.stack([step.norm() for step in steps]).norm()) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("norm", [0, -1.0, "much"])
@pytest.mark.parametrize("make", [blind, gan])
def test_a_norm_that_is_none_is_told(make, norm):
    with pytest.raises(UserError, match=f"model.clip_norm={norm}: expected a number above 0"):
        make(clip_norm=norm)
