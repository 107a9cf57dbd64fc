"""What ``--help`` says of every verb."""

import re

import pytest

from inpaintlab.basics.composing import compose_with_hydra, list_choices
from inpaintlab.basics.help_text import CONFIGS, WIDTH, help_text
from inpaintlab.basics.paths import quote_words
from inpaintlab.basics.words import as_list
from inpaintlab.verbs.cli import list_verbs, module_of
from inpaintlab.verbs.paint import as_word

WITHOUT_HYDRA = ("new-paper", "sweep")
SEVERAL = {"evaluate": ("protocol", "against"), "predict": ("models",), "paint": ("models",)}
"""Keys whose values may stand behind one another with commas."""


def text_of(verb, *words):
    return help_text(verb, module_of(verb), words)


def part(text, title):
    return next(part for part in text.split("\n\n") if part.startswith(title))


@pytest.mark.slow
@pytest.mark.parametrize("verb", list_verbs())
def test_two_lines_three_examples_that_compose_keys_and_groups(verb):
    text = text_of(verb)
    title, *does = text.split("\n\n")[0].splitlines()
    assert title.startswith(f"inpaintlab {verb}: ")
    assert 1 <= len(does) <= 2
    assert max(len(line) for line in text.splitlines()) <= max(WIDTH, 120)
    examples = [line.strip() for line in part(text, "Examples").splitlines()[1:]]
    assert len(examples) == 3
    for example in examples:
        assert example.startswith(f"inpaintlab {verb}")
        words = example.split()[2:]
        if verb not in WITHOUT_HYDRA:
            if verb == "paint":
                words = [as_word(word, first=place == 0) for place, word in enumerate(words)]
            words = [as_list(word, *SEVERAL.get(verb, ())) for word in words]
            chosen = any(word.startswith("model=") for word in words)
            config = "quickstart" if verb in ("train", "doctor") and not chosen else CONFIGS.get(verb, verb)
            compose_with_hydra(config.replace("-", "_"), quote_words(words))


def test_groups_are_those_that_are_read_with_their_choices():
    text = text_of("predict")
    groups = re.findall(r"^  (\w+)=\S+ ", part(text, "Groups"), re.MULTILINE)
    assert groups == ["model"]
    assert ", ".join(list_choices("model")) in " ".join(part(text, "Groups").split())
    assert "Groups" not in text_of("report")
    for group in ("data", "mask", "hardware", "logger", "callbacks", "augment", "model", "debug"):
        assert f"\n  {group}=" in part(text_of("doctor"), "Groups")


def test_keys_have_default_and_sentence():
    keys = part(text_of("predict"), "Keys")
    assert "\n  images=<needed>             a picture, or a folder of pictures\n" in keys
    assert "\n  quality=95                  of jpg and webp, 1 to 100\n" in keys
    assert "model" not in re.findall(r"^  (\w+)=", keys, re.MULTILINE)
    inherited = part(text_of("sweep"), "Keys")
    assert inherited.count("\n  ckpt=") == 1
    assert "ckpt=auto" in inherited
    assert "\n  trainer.max_steps=-1        iterations; " in inherited


def test_a_choice_tells_its_own_keys():
    text = part(text_of("train", "data=folder", "model=nothing"), "data=folder")
    assert "Your own pictures" in text
    assert "\n  data.root=<needed>          folder; " in text
    assert "\n  data.zoom=[1.0, 1.0]        crop, training: " in text  # of _loader.yaml
    assert "\n  model.width=64              filters of the first layer" in text_of("train", "model=pconv")
    assert "\n  trainer.precision=32-true" in text_of("train", "hardware=cpu")
