from pathlib import Path

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.rivals import list_calls, shown_to
from tests.helpers.composing import composed

ON = "photos-irregular-test"


def words_of(words, trained_on):
    return [list(call.words) for call in list_calls(words, trained_on, ON)]


def test_rivals_see_the_pictures_cut_and_resized_alike():
    trained_on = {"size": 24, "channels": 3, "eval_fit": "squash", "zoom": [1.5, 1.5], "interpolation": "area"}
    own, rival = words_of(["ckpt=x/y/z/last.ckpt", "against=[telea]", "data.eval_fit=crop"], trained_on)
    for words in (own, rival):
        assert {"data.zoom=[1.5,1.5]", "data.interpolation=area", "data.eval_fit=crop"} <= set(words)
        assert "data.eval_fit=squash" not in words


def test_against_makes_one_call_for_each_model():
    words = [
        "model=telea",
        "against=['unchanged','runs/pconv/20260101-000000/checkpoints/last.ckpt']",
        "limit=2",
        "output='judged (1)'",
    ]
    assert words_of(words, {}) == [
        ["model='telea'", "output='judged (1)/telea'", "table=false", "limit=2"],
        ["model='unchanged'", "output='judged (1)/unchanged'", "table=false", "limit=2"],
        [
            "ckpt='runs/pconv/20260101-000000/checkpoints/last.ckpt'",
            "output='judged (1)/pconv'",
            "table=false",
            "limit=2",
        ],
    ]
    first, second = (f"runs/pconv/2026010{day}-000000/checkpoints/last.ckpt" for day in (1, 2))
    calls = list_calls([f"ckpt={first}", f"against=['{second}']", "output=o"], {}, ON)
    assert [call.output for call in calls] == [Path("o/pconv/20260101-000000"), Path("o/pconv/20260102-000000")]
    assert [call.name for call in calls] == ["pconv/20260101-000000", "pconv/20260102-000000"]
    with pytest.raises(UserError, match="two models would share the folder"):
        list_calls(["model=telea", "against=[telea]"], {}, ON)


def test_without_a_folder_each_is_judged_where_it_would_be_alone():
    own, rival = list_calls(["model=telea", "name=mine", "against=[unchanged]"], {}, ON)
    assert (own.output, rival.output) == (Path("evaluation/mine", ON), Path("evaluation/unchanged", ON))


def test_rivals_see_pictures_of_the_size_that_the_checkpoint_was_trained_on():
    trained_on = {"size": 64, "channels": 3}
    for words in words_of(["ckpt=a.ckpt", "against=[telea]"], trained_on):
        assert words[-2:] == ["data.size=64", "data.channels=3"]
    for words in words_of(["ckpt=a.ckpt", "against=[telea]", "data.size=32"], trained_on):
        assert words[-2:] == ["data.size=32", "data.channels=3"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model=bundled", "against=[telea]"], {"size": 128, "channels": 3}),
        (["model=telea", "against=[bundled]"], {"size": 256, "channels": 3}),
        (["model=bundled", "against=[telea]", "data.size=64"], {"size": 64, "channels": 3}),
    ],
)
def test_rivals_see_pictures_of_the_size_that_a_model_without_a_checkpoint_is_judged_at(words, expected):
    """A network that comes along has another size in its configuration than the methods without training."""
    assert shown_to(composed("evaluate", *words)) == expected


def test_a_rivals_checkpoint_does_not_bring_its_own_cut_along():
    shown = shown_to(composed("evaluate", "model=telea", "against=[a.ckpt]"))
    assert {"size", "channels", "eval_fit", "zoom"} <= set(shown)
