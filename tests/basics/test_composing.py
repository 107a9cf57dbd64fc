from concurrent.futures import ThreadPoolExecutor

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from inpaintlab.basics.composing import compose, list_choices
from inpaintlab.basics.errors import UserError


def test_what_the_command_line_would_give():
    cfg = compose("model=madf", "data=folder", "data.root=a folder", "trainer.max_steps=3", folder="somewhere")
    assert cfg.name == "madf-folder-nvidia"
    assert cfg.data.root == "a folder"
    assert cfg.trainer.max_steps == 3
    assert cfg.logger.save_dir == "somewhere"
    assert cfg.overrides[0] == "model=madf"
    assert "hydra" not in cfg
    assert not OmegaConf.missing_keys(cfg)


def test_train_without_a_model_is_the_quickstart():
    assert compose().name == "quickstart"


def test_other_verbs():
    assert compose("model=telea", verb="evaluate").split == "test"


def test_the_state_of_a_running_verb_stays():
    before = HydraConfig.instance().cfg
    compose("model=pconv")
    with pytest.raises(UserError):
        compose("model=nothing")
    assert HydraConfig.instance().cfg is before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mdoel=pconv",), "mdoel: no such key; did you mean model"),
        (("model=nothing",), "model=nothing: no such choice; "),
        (("model=",), "model"),
        (("nothing",), "nothing: expected key=value"),
    ],
)
def test_wrong_words_are_told_in_one_line(words, message):
    with pytest.raises(UserError, match=message) as told:
        compose(*words)
    assert "\n" not in str(told.value)


def test_choices():
    assert {"madf", "telea"} <= set(list_choices("model"))
    assert not [name for name in list_choices("model") if name.startswith("_")]


def test_threads_take_turns():
    with ThreadPoolExecutor(4) as pool:
        names = list(
            pool.map(
                lambda name: compose(f"model={name}", verb="predict").model["_target_"], ["telea", "mean_color"] * 4
            )
        )
    assert names == ["inpaintlab.models.classical.Telea", "inpaintlab.models.classical.MeanColor"] * 4
