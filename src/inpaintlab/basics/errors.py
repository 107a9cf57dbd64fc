"""The one exception that is meant for people, and the two checks of words that raise it most."""

from collections.abc import Collection


class UserError(Exception):
    """Something the user gave is wrong; the verbs print the message alone, without a traceback.

    The message is one line that names the thing, what was expected and how to mend it.
    """


def check_one_of(key: str, given: str, allowed: Collection[str]) -> str:
    """Return the word given for ``key``, or raise ``UserError`` if it is none of the allowed ones."""
    if given not in allowed:
        raise UserError(f"{key}={given}: expected one of {', '.join(allowed)}")
    return given


def check_some_of(key: str, given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse an empty list for ``key``, and one that names what there is not."""
    if not given or not set(given) <= set(allowed):
        raise UserError(f"{key}=[{','.join(map(str, given))}]: expected some of {', '.join(allowed)}")
