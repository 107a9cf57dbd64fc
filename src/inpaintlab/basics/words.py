"""Words of a command line that are needed before Hydra composes: read by Hydra's own grammar."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.paths import quote

QUICKSTART = "quickstart="
"""The word that chooses between two: ``bundled``, which goes on from those weights, and ``scratch``."""


def take(words: Sequence[str], *keys: str) -> tuple[dict[str, Any], list[str]]:
    """Return {key: value} of those ``key=value`` words, the last of each, and all other words."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    own = [word for word in words if word.partition("=")[0] in keys and "=" in word]
    overrides = OverridesParser.create().parse_overrides(own)
    return {override.key_or_group: override.value() for override in overrides}, [w for w in words if w not in own]


def training(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the configuration that ``train`` with these words composes, and the words that Hydra gets.

    No ``model=`` means a quickstart: on the embedded photographs, on one's own pictures where ``data=`` is among the
    words, or with ``quickstart=scratch`` from nothing. ``UserError`` where ``quickstart=`` says something else.
    """
    kind = [word.removeprefix(QUICKSTART) for word in words if word.startswith(QUICKSTART)]
    chosen = any(word.startswith(("model=", "--config-name", "-cn", "--config-dir", "-cd")) for word in words)
    if kind and (chosen or kind[-1] not in ("bundled", "scratch")):
        raise UserError(f"quickstart={kind[-1]}: expected quickstart=bundled or quickstart=scratch, without model=")
    others = [word for word in words if not word.startswith(QUICKSTART)]
    if chosen:
        return "train", others
    if kind:
        return "quickstart_scratch" if kind[-1] == "scratch" else "quickstart", others
    own = any(word.startswith("data=") and word != "data=photos" for word in words)
    return "quickstart_own" if own else "quickstart", others


def first_values(words: Sequence[str]) -> list[str]:
    """Return the words of a multirun's first job: of several values, ``model=pconv,madf``, the first."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    first = []
    for word in words:
        try:
            (override,) = OverridesParser.create().parse_overrides([word])
        except OverrideParseException:  # Hydra's to refuse
            first.append(word)
            continue
        if not override.is_sweep_override():
            first.append(word)
        elif override.is_discrete_sweep():
            first.append(f"{override.get_key_element()}={next(override.sweep_string_iterator())}")
    return first


def as_list(word: str, *keys: str) -> str:
    """Turn ``protocol=a,b`` into Hydra's list of quoted names, one call with several and no sweep over them."""
    key, equals, value = word.partition("=")
    if key not in keys or not equals or value.startswith("["):
        return word
    return f"{key}=[{','.join(map(quote, value.split(',')))}]"


def python(module: str) -> list[str]:
    """Return the beginning of a command that runs a module's ``main`` in another process.

    Unlike ``python -m`` it does not look for modules in the working folder, where anybody's ``hydra.py`` may lie.
    """
    code = f"import sys; sys.path[:] = [p for p in sys.path if p]; from {module} import main; sys.exit(main())"
    return [sys.executable, "-c", code]


def safe_environment() -> dict[str, str]:
    """Return this process's variables, with Python told not to look for modules in the working folder."""
    return {**os.environ, "PYTHONSAFEPATH": "1"}
