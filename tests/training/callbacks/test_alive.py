import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.training.callbacks.alive import AliveNetworks
from tests.models.test_adversarial import Duel
from tests.training.callbacks.toy import Toy, fit


def dead(network):
    """Let the ReLU before the last layer answer 0 to everything, for ever."""
    relu = next(number for number, layer in reversed(list(enumerate(network))) if isinstance(layer, nn.ReLU))
    before = network[relu - 1]
    nn.init.zeros_(before.weight)
    nn.init.constant_(before.bias, -1.0)


class Small(Duel):
    """For the pictures of 16 px here."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.left[-1], self.right[-1] = nn.Linear(64, 1), nn.Linear(64, 1)


class Silenced(Small):
    """A duel in which the right discriminator hears nothing any more."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.right[1] = nn.Identity()  # BatchNorm would wake it
        nn.init.zeros_(self.right[0].weight)
        nn.init.constant_(self.right[0].bias, -1.0)


def test_a_residual_that_is_the_same_everywhere_stops_the_run(tmp_path):
    model = BlindInpainting(width=2, convs=(1, 1, 1), warmup=0)
    dead(model.network.net_e)
    with pytest.raises(
        UserError, match=r"iteration 6: BlindInpainting's network gives the same value everywhere.* dead"
    ):
        fit(tmp_path, [AliveNetworks(every=2, patience=3)], model)
    assert int(model.iteration) == 6


def test_a_dead_discriminator_stops_the_run_and_its_name_is_told(tmp_path):
    with pytest.raises(UserError, match=r"iteration 4: Silenced's right gives every picture the same answer"):
        fit(tmp_path, [AliveNetworks(every=2, patience=2)], Silenced(iterations=12))


def test_one_that_does_not_play_yet_is_not_judged(tmp_path):
    model = Small(iterations=6, right_from=100)
    nn.init.zeros_(model.right[-1].weight)
    fit(tmp_path, [AliveNetworks(every=1, patience=2)], model)
    assert int(model.iteration) == 6


def test_living_networks_go_on_and_leave_no_listener(tmp_path):
    for model in (
        Toy(iterations=8),
        Small(iterations=8),
        BlindInpainting(width=4, stages=[{"iterations": 8, "lr": 1e-3}]),
    ):
        fit(tmp_path, [AliveNetworks(every=2, patience=2)], model)
        assert int(model.iteration) == 8
        assert not any(network._forward_hooks for network in model.children())


def test_a_constant_look_must_follow_another(tmp_path):
    class Blinking(Toy):
        def losses(self, batch):
            nn.init.zeros_(self.network.weight) if int(self.iteration) % 2 else nn.init.normal_(self.network.weight)
            return super().losses(batch)

    fit(tmp_path, [AliveNetworks(every=1, patience=2)], Blinking(iterations=9))


def test_looks_that_make_no_sense():
    with pytest.raises(UserError, match=r"callbacks.alive.every=0: expected at least 1"):
        AliveNetworks(every=0)


def test_of_scores_and_feature_maps_the_scores_are_looked_at():
    callback, network = AliveNetworks(), nn.Linear(1, 1)
    callback.looking = True
    callback._listener("critic")(network, None, (torch.tensor([0.0, 2.0]), [torch.zeros(3)]))
    _, low, high = callback.heard["critic"]
    assert (low, high) == (0, 2)
