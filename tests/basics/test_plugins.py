import sys

import pytest
import torch

import inpaintlab
from inpaintlab.basics import plugins
from inpaintlab.basics.composing import list_choices
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.plugins import class_name, with_outside
from tests.models.hostile import changed

MODULE = """
from torch import nn
from inpaintlab import InpaintingModule

class Plugged(InpaintingModule):
    def __init__(self, width=4):
        super().__init__()
        self.save_hyperparameters()
        self.layer = nn.Conv2d(3, width, 1)

    def inpaint(self, corrupted, known):
        return corrupted
"""
YAML = """
# @package _global_
model: {_target_: plugged_fill.Plugged, width: 6}
paper: {size: 64, channels: 3, batch_size: 2}
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package as pip would lay it out, with an entry point that names it."""
    site, package = tmp_path / "site", tmp_path / "site" / "plugged_fill"
    (package / "conf" / "model").mkdir(parents=True)
    (package / "__init__.py").write_text(MODULE)
    (package / "conf" / "model" / "plugged.yaml").write_text(YAML)
    info = site / "plugged_fill-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-fill\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[inpaintlab.models]\nplugged = plugged_fill\n")
    monkeypatch.syspath_prepend(site)
    yield site
    sys.modules.pop("plugged_fill", None)


def test_an_installed_plugin_is_a_choice(installed):
    assert plugins.packages() == ["plugged_fill"]
    assert "plugged" in list_choices("model")
    for _ in range(2):
        cfg = inpaintlab.compose("model=plugged", "model.width=8", "data=photos")
        assert cfg.model == {"_target_": "plugged_fill.Plugged", "width": 8}
        assert cfg.name == "plugged-photos-irregular"


def test_its_checkpoints_load(installed, tmp_path):
    from plugged_fill import Plugged

    model = Plugged(width=5)
    content = changed(model="plugged_fill.Plugged", state_dict=model.state_dict(), hyper_parameters={"width": 5})
    torch.save(content, tmp_path / "a.ckpt")
    assert torch.equal(inpaintlab.load(tmp_path / "a.ckpt").layer.weight, model.layer.weight)


def test_without_it_it_is_no_choice():
    assert plugins.packages() == []
    with pytest.raises(UserError, match="model=plugged: no such choice"):
        inpaintlab.compose("model=plugged")


def test_a_class_without_yaml():
    words = ["model._target_=my.module.Toy", "model.width=8", "data=photos"]
    assert with_outside(words) == ["model=_outside", words[0], "+model.width=8", "data=photos"]
    cfg = inpaintlab.compose(*words)
    assert cfg.model == {"_target_": "my.module.Toy", "width": 8}
    assert (cfg.name, cfg.choices.model) == ("Toy", "Toy")
    assert class_name("my.module.Toy") == "Toy"


@pytest.mark.parametrize("words", [["model=pconv", "model._target_=my.Toy"], ["model=pconv"], []])
def test_other_words_stay_as_they_are(words):
    assert with_outside(words) == words
