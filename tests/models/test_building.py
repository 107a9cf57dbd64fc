import random
import sys

import pytest
import torch

from inpaintlab.basics import plugins
from inpaintlab.basics.errors import UserError
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.building import check_sizes, find_class
from inpaintlab.models.checkpoints import load_model
from inpaintlab.models.context_encoder import ContextEncoder
from inpaintlab.models.dcgan import DCGAN
from inpaintlab.models.madf import MADF
from inpaintlab.models.pconv import PConv
from tests.models.hostile import CASES, DAMAGES, Gadget, changed, honest

SMALL = {
    PConv: {"levels": 3, "width": 4, "perceptual": 0, "style": 0},
    MADF: {"levels": 2, "width": 4, "refinements": 1, "perceptual": 0, "style": 0},
    BlindInpainting: {"width": 2, "convs": (1, 1, 1)},
    ContextEncoder: {"size": 64, "hole": 32, "width": 4, "bottleneck": 16},
    DCGAN: {"size": 32, "width": 4, "latent": 8},
}


def test_an_honest_checkpoint_loads(tmp_path):
    torch.save(honest(), tmp_path / "a.ckpt")
    assert load_model(tmp_path / "a.ckpt").hparams.width == 4


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_checkpoint_is_refused_in_one_line_and_nothing_is_run(name, tmp_path, monkeypatch):
    """`planted` lies where it could be imported, and would leave a file behind, as the commands would."""
    trace = tmp_path / "trace"
    (tmp_path / "planted.py").write_text(f"open({str(trace)!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    make, message = CASES[name]
    torch.save(make(trace), tmp_path / "a.ckpt")
    before = set(sys.modules)
    with pytest.raises(UserError, match=message) as told:
        load_model(tmp_path / "a.ckpt")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500
    assert not trace.exists()
    if "neither below" in str(told.value):
        assert set(sys.modules) == before
    assert "planted" not in sys.modules


def test_the_gadget_works_on_a_careless_reader(tmp_path):
    torch.save({"a": Gadget(f"touch {tmp_path}/trace")}, tmp_path / "a.ckpt")
    torch.load(tmp_path / "a.ckpt", weights_only=False)
    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused(damage, tmp_path):
    path = tmp_path / "a.ckpt"
    torch.save(honest(), path)
    damage(path)
    with pytest.raises(UserError, match=DAMAGES[damage]) as told:
        load_model(path)
    assert "\n" not in str(told.value)


def test_a_package_that_the_user_names_is_trusted(tmp_path):
    name = "tests.training.callbacks.toy.Toy"
    from tests.training.callbacks.toy import Toy

    torch.save(changed(model=name, state_dict=Toy().state_dict(), hyper_parameters={}), tmp_path / "a.ckpt")
    assert isinstance(load_model(tmp_path / "a.ckpt", trust="other, tests.training"), Toy)
    for trust in (None, "", "other", "test", "tests.training.callbacks.to"):
        with pytest.raises(UserError, match="neither below"):
            load_model(tmp_path / "a.ckpt", trust=trust)


def test_a_trusted_package_may_still_hold_models_only():
    with pytest.raises(UserError, match="is no model"):
        find_class("subprocess.Popen", trust="subprocess")


def test_packages_of_installed_plugins_are_trusted(monkeypatch):
    monkeypatch.setattr(plugins, "packages", lambda: ["tests.training"])
    assert find_class("tests.training.callbacks.toy.Toy").__name__ == "Toy"


def test_a_checkpoint_without_a_newer_argument_loads(tmp_path):
    """The constructor's default holds for what an older version did not write down."""
    content = honest()
    del content["hyper_parameters"]["vgg_convention"]
    torch.save(content, tmp_path / "a.ckpt")
    assert load_model(tmp_path / "a.ckpt").hparams.vgg_convention is None


WORSE = [10**9, -1, 0, 10**30, float("nan"), "x", [], {}, None, [10**9], [10**9] * 3, [{"iterations": 1}]]


@pytest.mark.parametrize("model_class", SMALL)
def test_any_value_of_any_argument_fits_or_is_told_in_one_line(model_class):
    """A draw of 40; all of them, 1,680 with more values, take minutes."""
    model = model_class(**SMALL[model_class])
    cases = random.Random(0).sample([(name, value) for name in model.hparams for value in WORSE], 40)
    told = []
    for name, value in cases:
        try:
            check_sizes(model_class, dict(model.hparams) | {name: value}, model.state_dict())
        except UserError as error:
            told.append(str(error))
    assert len(told) > 5
    assert not [line for line in told if "\n" in line or len(line) > 500]
