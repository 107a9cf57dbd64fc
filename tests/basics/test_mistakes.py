"""One line for a word that Hydra refuses, with what it should have been."""

import pytest

from inpaintlab.basics.composing import compose, compose_with_hydra
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.plugins import join_search_path

TOLD = [
    ("predict", ["modle=telea"], "modle: no such key; did you mean model?"),
    ("predict", ["imges=a.png"], "imges: no such key; did you mean images?"),
    ("predict", ["model=telea", "radius=3"], "radius: no such key; did you mean model.radius?"),
    ("predict", ["model=telea", "model.radus=3"], "model.radus: no such key; did you mean model.radius?"),
    ("predict", ["model=telea", "model.xyzzy=3"], "model.xyzzy: no such key; expected model._target_, model.radius"),
    ("predict", ["model.radius=3"], "model.radius: nothing is chosen for model, whose key it would be; give model="),
    ("predict", ["xyzzy=3"], "xyzzy: no such key; expected model, mask, ckpt, trust, "),
    ("predict", ["xyzzy=3", "yzzyx=4"], "xyzzy: no such key; --help lists them"),
    ("evaluate", ["model=telea", "paper.sise=3"], "paper.sise: no such key; did you mean paper.size?"),
    ("train", ["model=pconv", "trainer.max_stps=3"], "trainer.max_stps: no such key; did you mean trainer.max_steps?"),
    ("train", ["model=pconv", "xyzzy=3"], "xyzzy: no such key; expected debug, model, val_data, "),
    ("train", ["model=pconv", "hydra.xyzzy=3"], "hydra.xyzzy: no such key; expected one that --help lists"),
    ("predict", ["data=photos"], "data: no such key; "),
    ("predict", ["model=telae"], "model=telae: no such choice; did you mean telea?"),
    (
        "predict",
        ["model=runs/a.ckpt"],
        "model=runs/a.ckpt: a file is no choice of model; did you mean ckpt=runs/a.ckpt?",
    ),
    ("evaluate", ["protocol=[standard,lamma]"], "protocol=lamma: no such choice; did you mean lama?"),
    ("train", ["model=pconv", "hardware="], "hardware=: no such choice; expected one of auto, cpu, ddp, "),
    ("train", ["model=pconv", "hardware=zzz"], "hardware=zzz: no such choice; expected one of auto, cpu, ddp, "),
    ("predict", ["hydra/launcher=x"], "hydra/launcher=x: no such choice; expected one of basic"),
    ("predict", ["images"], "images: expected key=value"),
    ("predict", ["images=a${b"], "images=a${b: '${' is never closed; "),
    ("train", ["model=pconv", "val_data=photo"], "val_data=photo: no such choice; did you mean photos?"),
    ("train", ["~data"], "~data: train reads that key; leave the word out"),
    ("predict", ["images='a${b'"], "images='a${b': '${' is never closed; "),
    ("predict", ["quality=[1"], "quality=[1: [ and ] must come in pairs; "),
    ("predict", ["trust=a b:{}:c"], "trust=a b:{}:c: the value cannot be read; put it into quotes: "),
    ("predict", ["+quality=3"], "Could not append to config. An item is already at 'quality'."),
    ("train", ["model=pconv", "hydra.job.num=x"], "Error merging override hydra.job.num=x: Value 'x' of type 'str' "),
]


@pytest.mark.slow
@pytest.mark.parametrize(("config", "words", "line"), TOLD)
def test_the_word_and_what_was_meant(config, words, line):
    join_search_path()
    with pytest.raises(UserError) as told:
        compose_with_hydra(config, words)
    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)
    assert "To append" not in str(told.value)


def test_a_plain_sign_is_written_as_the_line_says():
    assert compose_with_hydra("predict", ["images='a\\${b'"]).images == "a${b"


def test_callers_in_python_are_told_alike():
    with pytest.raises(UserError, match="model=pconf: no such choice; did you mean pconv"):
        compose("model=pconf")


def test_a_folder_of_configurations_beside_ours(tmp_path):
    (tmp_path / "mine.yaml").write_text("defaults: [predict, _self_]\nquality: 3\n")
    assert compose_with_hydra("mine", ["model=telea"], str(tmp_path)).quality == 3
    with pytest.raises(UserError, match="qualiti: no such key; did you mean quality"):
        compose_with_hydra("mine", ["qualiti=3"], str(tmp_path))
