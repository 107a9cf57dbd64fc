from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from inpaintlab.basics.kinds import check_kinds, is_of


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int), (1, float), (1.5, float), (True, bool), ("a", str), (None, None), (None, int | None), ([], list[int]),
        ({"a": [1, None]}, dict[str, list[float | None]]), ({}, Mapping[str, Any]), ((1,), Sequence[int]),
        ("a", Literal["a", "b"]), ({"x": object()}, dict[str, Any]),
    ],
)  # fmt: skip
def test_what_agrees(value, hint):
    assert is_of(value, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, int), (True, float), ("1", int), (1.5, int), (1, str), (None, str), ([1, "a"], list[int]),
        ("ab", list[str]),
        ({"a": "1"}, dict[str, float]), ([], dict[str, Any]), ("c", Literal["a"]), ("ab", Sequence[str]),
    ],
)  # fmt: skip
def test_what_does_not(value, hint):
    assert not is_of(value, hint)


def test_the_field_is_named():
    @dataclass
    class Thing:
        size: int
        names: list[str]

    check_kinds(Thing, {"size": 3, "names": ["a"]})
    with pytest.raises(ValueError, match="size: expected int, got str"):
        check_kinds(Thing, {"size": "3", "names": []})
    with pytest.raises(ValueError, match=r"names: expected list\[str\], got list"):
        check_kinds(Thing, {"size": 3, "names": [3]})
