"""Is a value of the kind that an annotation says? For files, whose authors may write anything."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def check_kinds(kind: type, values: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for the first value that its field of the dataclass would not hold."""
    hints = _hints(kind)
    for name, value in values.items():
        if not is_of(value, hints[name]):
            raise ValueError(f"{name}: expected {_say(hints[name])}, got {type(value).__name__}")


def is_of(value: Any, hint: Any) -> bool:
    """Tell whether plain data agree with an annotation. A whole number is a float too, true and false are no numbers.

    A dataclass may still be an object of JSON: it checks itself when it is made of it.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(is_of(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and all(
            is_of(key, inner[0]) and is_of(item, inner[1]) for key, item in value.items()
        )
    if origin in (list, tuple, Sequence):
        return isinstance(value, list | tuple) and all(is_of(item, inner[0]) for item in value)
    if hint in (int, float):
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    if is_dataclass(hint):
        return isinstance(value, hint | Mapping)
    return isinstance(value, type(None) if hint is None else hint)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _say(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint).replace("typing.", "")
