"""When a method alone takes the place of its model."""

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.filling.fillers import find_filler, load_filler
from inpaintlab.methods import Method, PatchMatch, Telea
from inpaintlab.models import classical
from tests.helpers.composing import composed
from tests.helpers.wheels import needs_patchmatch


def test_a_method_where_that_suffices():
    method = load_filler(None, composed("predict", "model=telea", "model.radius=5").model, "cpu", "auto")
    assert isinstance(method, Telea)
    assert method.radius == 5


@needs_patchmatch
def test_the_default_is_a_method():
    assert isinstance(find_filler("patchmatch", "auto", "crop"), PatchMatch)


@pytest.mark.parametrize(("device", "strategy"), [("cpu", "tiles"), ("cpu", "two_scale"), ("cpu:0", "auto")])
def test_a_model_where_it_does_not(device, strategy):
    assert isinstance(find_filler("telea", device, strategy), classical.Telea)


def test_a_model_where_there_is_no_method():
    assert isinstance(find_filler("mean_color", "cpu", "auto"), classical.MeanColor)


@needs_patchmatch
def test_every_method_is_a_model_of_the_same_name():
    for kind in Method.__subclasses__():
        for method in kind.__subclasses__() or [kind]:
            assert type(getattr(classical, method.__name__)().method) is method


def test_wrong_values_are_told_alike():
    node = composed("predict", "model=telea", "model.radius=0").model
    for strategy in ("auto", "tiles"):
        with pytest.raises(Exception, match=r"model\.radius=0: expected more than 0 pixels"):
            load_filler(None, node, "cpu", strategy)
    with pytest.raises(UserError, match="nothing: no such file"):
        find_filler("nothing", "cpu", "auto")
