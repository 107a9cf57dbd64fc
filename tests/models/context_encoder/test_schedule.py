import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.models.context_encoder.schedule import PHASES, check_phases, stage_at

LAMBDA = 0.001


@pytest.mark.parametrize(
    ("iteration", "local", "overall", "playing"),
    [
        (0, 0.0, 0.0, ()),
        (297_999, 0.0, 0.0, ()),
        (298_000, 0.0, 0.0, ("local",)),  # plays from the first iteration of its phase, its weight begins at 0
        (298_000 + 4_470, 0.1 * LAMBDA, 0.0, ("local",)),
        (298_000 + 22_350, 0.5 * LAMBDA, 0.0, ("local",)),
        (298_000 + 44_699, 44_699 / 44_700 * LAMBDA, 0.0, ("local",)),
        (298_000 + 44_700, LAMBDA, 0.0, ("local",)),  # 20 % of 223,500
        (521_499, LAMBDA, 0.0, ("local",)),
        (521_500, LAMBDA, 0.0, ("local", "global")),
        (521_500 + 11_175, LAMBDA, 0.25 * LAMBDA, ("local", "global")),
        (521_500 + 44_700, LAMBDA, LAMBDA, ("local", "global")),
        (744_999, LAMBDA, LAMBDA, ("local", "global")),
        (10**7, LAMBDA, LAMBDA, ("local", "global")),
    ],
)
def test_table_of_the_default_phases(iteration, local, overall, playing):
    """149 iterations an epoch: phases begin at epochs 0, 2,000 and 3,500; lambda_1 is what the others leave."""
    weights, discriminators = stage_at(PHASES, iteration)
    assert weights["local"] == pytest.approx(local, rel=1e-9)
    assert weights["global"] == pytest.approx(overall, rel=1e-9)
    assert weights["rec"] == pytest.approx(1 - local - overall, rel=1e-9)
    assert discriminators == playing


def test_lengths_are_the_epochs_of_paris():
    assert [phase["iterations"] / 149 for phase in PHASES] == [2000, 1500, 1500]
    assert sum(phase["iterations"] for phase in PHASES) / 149 / 1000 >= 5, "Fig. 10: a column every 1,000 epochs"


def test_without_ramp_the_weights_jump():
    phases = [{**PHASES[0], "iterations": 2}, {**PHASES[1], "iterations": 3, "ramp": 0.0}]
    assert [stage_at(phases, i).weights["local"] for i in range(6)] == [0, 0, LAMBDA, LAMBDA, LAMBDA, LAMBDA]


def test_a_discriminator_that_leaves_plays_until_its_weight_is_gone():
    phases = [
        {"iterations": 2, "rec": 0.9, "local": 0.1, "global": 0.0, "ramp": 0.0},
        {"iterations": 4, "rec": 1.0, "local": 0.0, "global": 0.0, "ramp": 0.5},
    ]
    stages = [stage_at(phases, iteration) for iteration in range(6)]
    assert [round(stage.weights["local"], 9) for stage in stages] == [0.1, 0.1, 0.1, 0.05, 0, 0]
    assert [stage.discriminators for stage in stages] == [("local",)] * 4 + [()] * 2


def phase(**changes):
    return {**PHASES[0], **changes}


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([], "model.phases: expected at least one of {iterations, rec, local, global, ramp}"),
        ([{"rec": 1.0}], "model.phases: each needs iterations, rec, local, global, ramp, got rec"),
        ([phase(), {}], "model.phases: each needs .*, got nothing"),
        ([phase(iterations=0)], "model.phases: expected iterations >= 1"),
        ([phase(local=-0.1)], "model.phases: .* weights >= 0"),
        ([phase(), phase(ramp=1.5)], r"ramp, a share of the phase, in 0\.\.1"),
        ([phase(ramp=0.2)], "model.phases: nothing comes before the first one, so ramp=0 there, got 0.2"),
    ],
)
def test_bad_phases(phases, message):
    with pytest.raises(UserError, match=message):
        check_phases(phases)


def test_the_default_phases_are_good():
    check_phases(PHASES)
