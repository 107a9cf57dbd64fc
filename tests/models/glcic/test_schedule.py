import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.models.glcic import schedule

BOTH = ("generator", "discriminator")


@pytest.mark.parametrize(
    ("iteration", "playing"),
    [
        (0, ("generator",)),
        (89_999, ("generator",)),
        (90_000, ("discriminator",)),
        (99_999, ("discriminator",)),
        (100_000, BOTH),
        (499_999, BOTH),
        (10_000_000, BOTH),
    ],
)
def test_the_papers_phases(iteration, playing):
    """T_C = 90,000, T_D = 10,000, T_train = 500,000."""
    assert schedule.stage_at(schedule.PHASES, iteration) == playing
    assert sum(phase["iterations"] for phase in schedule.PHASES) == 500_000


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([], "expected at least one of {iterations, plays}"),
        ([{"iterations": 1}], "each needs iterations, plays, got iterations"),
        ([{"iterations": 0, "plays": ["generator"]}], "expected iterations >= 1"),
        ([{"iterations": 1, "plays": []}], ".*plays, a list of generator, discriminator or both"),
        ([{"iterations": 1, "plays": ["critic"]}], ".*plays, a list of generator, discriminator or both"),
    ],
)
def test_what_is_no_schedule(phases, message):
    with pytest.raises(UserError, match=f"model.phases: {message}"):
        schedule.check_phases(phases)
