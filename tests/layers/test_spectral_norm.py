import pytest
import torch
from torch import nn
from torch.nn.utils import spectral_norm as hook

from inpaintlab.layers.spectral_norm import from_hook, spectral_norm, to_hook


def pair(layer, make):
    """The same layer, normalised by the old hook after some steps of its iteration, and by the parametrisation."""
    torch.manual_seed(0)
    old = nn.Sequential(hook(make()), nn.ReLU(), make_plain(make))
    for _ in range(3):
        old(torch.rand(1, 4, 8, 8))
    new = nn.Sequential(spectral_norm(make()), nn.ReLU(), make_plain(make))
    return old.eval(), new.eval()


def make_plain(make):
    layer = make()
    return nn.Conv2d(layer.out_channels, 2, 1)


MAKERS = {
    "conv": lambda: nn.Conv2d(4, 6, 3),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 4, 2, 1),
    "without bias": lambda: nn.Conv2d(4, 6, 3, bias=False),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_layer_saved_by_the_hook_acts_the_same(kind):
    old, new = pair(kind, MAKERS[kind])
    new.load_state_dict(from_hook(old.state_dict()))
    picture = torch.rand(2, 4, 8, 8)
    torch.testing.assert_close(new(picture), old(picture))


@pytest.mark.parametrize("kind", MAKERS)
def test_there_and_back(kind):
    old, new = pair(kind, MAKERS[kind])
    state = old.state_dict()
    back = to_hook(from_hook(state))
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)
    assert from_hook(to_hook(new.state_dict())).keys() == new.state_dict().keys()


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_files_without_the_second_vector(kind):
    """The older hook computed v from u by half an iteration; it also saved the normalised weight."""
    old, new = pair(kind, MAKERS[kind])
    state = dict(old.state_dict())
    whole = from_hook(state)
    del state["0.weight_v"]
    state["0.weight"] = torch.zeros_like(state["0.weight_orig"])
    found = from_hook(state, transposed=("0",) if kind == "transposed" else ())
    assert found.keys() == whole.keys()
    new.load_state_dict(found)
    name = "0.parametrizations.weight.0._v"
    assert float(found[name] @ whole[name]) == pytest.approx(1, abs=0.02)
    assert float(found[name].norm()) == pytest.approx(1)
