import logging

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7
from inpaintlab.models.pathak import official
from inpaintlab.models.pathak.network import Generator


def norm(name, channels):
    return {f"{name}.{key}": (channels,) for key in ("weight", "bias", "running_mean", "running_var")}


def released(width=64, bottleneck=4000, side=64):
    """Names and shapes of inpaintCenter, written down from its description, not from our code; side 128: random."""
    shapes, before = {}, 3
    for number, factor in zip((0, 2, 5, 8, 11), (1, 1, 2, 4, 8), strict=True):
        shapes |= {f"0.{number}.weight": (factor * width, before, 4, 4), f"0.{number}.bias": (factor * width,)}
        shapes |= norm(f"0.{number + 1}", factor * width) if number else {}
        before = factor * width
    shapes |= {"0.14.weight": (bottleneck, before, 4, 4), "0.14.bias": (bottleneck,)} | norm("1", bottleneck)
    before, factors = bottleneck, (8, 4, 2, 1) if side == 64 else (8, 4, 2, 1, 1)
    for number, factor in enumerate(factors):
        place = 3 + 3 * number
        shapes |= {f"{place}.weight": (before, factor * width, 4, 4), f"{place}.bias": (factor * width,)}
        shapes |= norm(f"{place + 1}", factor * width)
        before = factor * width
    last = 3 + 3 * len(factors)
    return shapes | {f"{last}.weight": (before, 3, 4, 4), f"{last}.bias": (3,)}


def values(shapes):
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(shape, generator=generator) + 0.1 for name, shape in shapes.items()}


def small(**arguments):
    return Generator(**({"size": 128, "width": 2, "bottleneck": 7} | arguments)).eval()


@pytest.mark.parametrize("side", [64, 128])
def test_round_trip(side):
    theirs, network = values(released(2, 7, side)), small(side=side)
    assert official.load(network, theirs) == []
    again = {part.name: part.ours.detach() for part in official.counterparts(network)}
    assert {name for name in again if name not in theirs} == {n for n in again if n.endswith("num_batches_tracked")}
    assert all(torch.equal(again[name], theirs[name]) for name in theirs)


def test_every_name_and_shape_of_the_released_network_has_its_place():
    """At full width, with nothing in memory; `copy_` between meta tensors checks the shapes alone."""
    with torch.device("meta"):
        full = {name: torch.empty(shape) for name, shape in released().items()}
        assert official.load(Generator(), full) == []


def old_network(state):
    """The same as Torch7 stores it: layers count from 1, and BatchNorm keeps 1 / sqrt(variance + 1e-5)."""

    def layers(prefix, count):
        modules = {}
        for number in range(count):
            named = ((name.rpartition("."), value) for name, value in state.items())
            fields = {key: value for (layer, _, key), value in named if layer == f"{prefix}{number}"}
            if "running_var" in fields:
                fields["running_std"] = (fields.pop("running_var") + 1e-5) ** -0.5
            modules[number + 1.0] = torch7.Object("nn.Layer", fields)
        return modules

    decoder = layers("", 17)
    decoder[1.0] = torch7.Object("nn.Sequential", {"modules": layers("0.", 15)})
    return torch7.Object("nn.Sequential", {"modules": decoder})


def test_a_network_of_torch7():
    theirs, network = values(released(2, 7)), small()
    assert official.load(network, old_network(theirs)) == []
    for part in official.counterparts(network):
        if not part.name.endswith("num_batches_tracked"):
            torch.testing.assert_close(part.ours.detach(), theirs[part.name], rtol=1e-5, atol=1e-6)


def test_a_running_std_that_is_none_is_refused():
    """A plain deviation above 316 would come out as a negative variance."""
    theirs = old_network(values(released(2, 7)))
    theirs.fields["modules"][2.0].fields["running_std"].fill_(400.0)
    with pytest.raises(UserError, match=r"1.running_std is not 1 / sqrt\(variance \+ 1e-05\), the least variance .*-3"):
        official.load(small(), theirs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bottleneck": 8}, r"0.14.weight should have the shape \(8, 16, 4, 4\), got \(7, 16, 4, 4\); .*pathak22"),
        ({"noise": 3}, "this network has model.noise; .*pathak22/context-encoder"),
        ({"side": 128}, r"entries are missing, the first 16.weight; .*model.region=center"),
        ({"join": "channel_fc"}, "entries are missing, the first .*; .*model.join=conv"),
    ],
)
def test_refuses_another_network(arguments, message):
    network = small(**arguments)
    before = network.encoder[0].weight.clone()
    with pytest.raises(UserError, match=message):
        official.load(network, values(released(2, 7)))
    assert torch.equal(network.encoder[0].weight, before)


def test_another_family_is_told():
    with pytest.raises(
        UserError, match=r"no 0.0.weight, the first entries are conv1.weight; .*pathak22/context-encoder"
    ):
        official.load(small(), {"conv1.weight": torch.zeros(1)})


def test_the_licence_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        official.load(small(), values(released(2, 7)))
    assert "not-for-profit" in caplog.text
