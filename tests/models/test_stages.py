import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.models.stages import check_stages, stage_at, total_iterations

STAGES = [{"iterations": 3, "lr": 1e-3}, {"iterations": 2, "lr": 1e-4}]


@pytest.mark.parametrize(("iteration", "stage"), [(0, 0), (2, 0), (3, 1), (4, 1), (5, 1), (10**9, 1)])
def test_stage_at(iteration, stage):
    assert stage_at(STAGES, iteration) is STAGES[stage]


def test_total():
    assert total_iterations(STAGES) == 5


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([], "at least one of {iterations, lr}"),
        ([{"iterations": 3}], "each needs iterations, lr, got iterations"),
        ([{"iterations": 3, "lr": 1, "momentum": 0}], "each needs iterations, lr, got"),
        ([{"iterations": 0, "lr": 1}], "must be positive"),
        ([{"iterations": 1, "lr": -1}], "must be positive"),
    ],
)
def test_a_schedule_that_is_none_is_refused(stages, message):
    with pytest.raises(UserError, match=message):
        check_stages(stages, ("iterations", "lr"))
