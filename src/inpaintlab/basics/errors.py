"""The one exception that is meant for people, and the checks of words that raise it most."""

import re
from collections.abc import Collection
from typing import Any


class UserError(Exception):
    """Something the user gave is wrong; the verbs print the message alone, without a traceback.

    The message is one line that names the thing, what was expected and how to mend it.
    """


def one_line(message: str) -> str:
    """Return the message with whatever in a name would begin another line, or steer a terminal, as an escape."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda sign: repr(sign[0])[1:-1], message)


def check_one_of(key: str, given: str, allowed: Collection[str]) -> str:
    """Return the word given for ``key``, or raise ``UserError`` if it is none of the allowed ones."""
    if given not in allowed:
        raise UserError(f"{key}={given}: expected one of {', '.join(allowed)}")
    return given


def check_some_of(key: str, given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse an empty list for ``key``, and one that names what there is not."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise UserError(f"{key}={given}: expected a list, {key}=[{','.join(allowed)}]")
    if not given or not all(word in allowed for word in given):
        raise UserError(f"{key}=[{','.join(map(str, given))}]: expected some of {', '.join(allowed)}")


def check_whole(key: str, given: Any, least: int, hint: str = "") -> None:
    """Refuse what is no whole number of at least ``least``."""
    if type(given) is not int or given < least:
        raise UserError(f"{key}={given}: expected a whole number of at least {least}{hint}")


def check_seed(given: Any) -> None:
    """Refuse what is no seed of every generator there is: a whole number of 32 bits."""
    if type(given) is not int or not 0 <= given < 2**32:
        raise UserError(f"seed={given}: expected a whole number from 0 to {2**32 - 1}")
