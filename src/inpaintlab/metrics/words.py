"""Words that a protocol's YAML may use."""

from collections.abc import Collection

from inpaintlab.basics.errors import UserError


def check_word(name: str, given: str, allowed: Collection[str]) -> str:
    """Return the word, or raise ``UserError`` if it is none of the allowed ones."""
    if given not in allowed:
        raise UserError(f"protocol.{name}={given}: expected one of {', '.join(allowed)}")
    return given
