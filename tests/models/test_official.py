import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.official import same, take_over, with_counters


def parts(network):
    return [*same("first", network[0]), *same("norm", network[1])]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


@pytest.fixture
def state(network):
    torch.manual_seed(1)
    return {part.name: torch.rand(part.shape) if part.shape else torch.tensor(5) for part in parts(network)}


def test_all_is_copied_and_what_is_over_is_named(network, state):
    assert take_over(parts(network), state | {"other": torch.zeros(1)}, "") == ["other"]
    assert all(torch.equal(part.ours, state[part.name]) for part in parts(network))
    assert network[1].num_batches_tracked == 5


@pytest.mark.parametrize("fault", ["missing", "shape"])
def test_all_or_nothing(fault, network, state):
    """The fault is in the last entry; the first ones are not copied either."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    if fault == "missing":
        del state["norm.running_var"]
        message = "1 of 7 entries are missing, the first norm.running_var; it wants x"
    else:
        state["norm.running_var"] = torch.ones(4)
        message = r"norm.running_var should have the shape \(3,\), got \(4,\); it wants x"
    with pytest.raises(UserError, match=message):
        take_over(parts(network), state, "it wants x")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_old_files_get_counters_of_0(network, state):
    del state["norm.num_batches_tracked"]
    network[1].num_batches_tracked.fill_(9)
    assert take_over(parts(network), with_counters(state), "") == []
    assert network[1].num_batches_tracked == 0
    assert with_counters({"norm.running_var": 1, "norm.num_batches_tracked": 7})["norm.num_batches_tracked"] == 7
