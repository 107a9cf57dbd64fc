"""Paths and names that a user typed: as typed, whatever Hydra's grammar would make of them.

Free of torch and Hydra.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from inpaintlab.basics.errors import UserError

PATHS = re.compile(
    r"(?:images|masks|output|runs|ckpt|init_from|official|evaluations|result|experiments|(?:val_)?data(?:\.parts\.\w+)?\.(?:root|list(?:\.\w+)?)"
    r"|mask\.root|weights\.\w+|(?:\w+\.)*\w*_weights)"
)
"""Keys whose values are files or folders."""
NAMES = re.compile(r"name|experiment|box")
"""Keys whose values are words, in which a digit or a comma is a letter like any other."""
LISTS = re.compile(r"runs|evaluations|official|(?:val_)?data(?:\.parts\.\w+)?\.list(?:\.\w+)?")
"""Paths of which there may be several."""
PLAIN = re.compile(
    r"(?!(?:true|false|nan|inf|null)$)[a-z_][a-z0-9_-]*|[a-z0-9_.-]*/[a-z0-9_./-]*", re.ASCII | re.IGNORECASE
)
"""Text that Hydra reads as itself: a name that is no constant, or a path with a slash, of plain letters."""


def quote_words(words: Sequence[str]) -> list[str]:
    """Quote the values of paths and names among ``key=value`` words, so that Hydra takes them as they stand.

    What is quoted already stays, as do lists, interpolations, ``null`` and what Hydra takes as it stands anyway: a
    command that is told to be typed again stays readable. In a multirun a comma separates values.
    """
    sweeping = bool({"-m", "--multirun"} & set(words))
    return [_quote_word(word, sweeping) for word in words]


def quote(text: str) -> str:
    """Quote one value for Hydra."""
    escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", text).replace("'", "\\'")
    return f"'{escaped}'"


def user_path(value: str | Path) -> Path:
    """Return the path that a user means, ``~`` being a home."""
    return Path(value).expanduser()


def expand_paths(cfg: DictConfig) -> None:
    """Expand ``~`` in every path of a verb's configuration, in place; ``UserError`` for a value that is no path."""
    for node, key, name in _find(cfg):
        if OmegaConf.is_missing(node, key) or OmegaConf.is_interpolation(node, key) or node[key] is None:
            continue
        with open_dict(cfg):
            node[key] = _expanded(node[key], name)


def refuse_null(cfg: DictConfig, usual: DictConfig) -> None:
    """Raise ``UserError`` for ``null`` in place of a path that the verb's own YAML, ``usual``, does not leave open."""
    for key in filter(PATHS.fullmatch, map(str, usual)):
        needed = OmegaConf.is_missing(usual, key) or OmegaConf.is_interpolation(usual, key) or usual[key] is not None
        if needed and key in cfg and cfg[key] is None:
            raise UserError(f"{key}=null: expected a path; put null into quotes where it is a name, or leave it out")


def _quote_word(word: str, sweeping: bool) -> str:
    key, equals, value = word.partition("=")
    if not (equals and (PATHS.fullmatch(key.lstrip("+~")) or NAMES.fullmatch(key))):
        return word
    if value == "null" or PLAIN.fullmatch(value) or "${" in value or re.fullmatch(r"""'.*'|".*"|\[.*\]""", value):
        return word
    return f"{key}={','.join(map(quote, value.split(',')))}" if sweeping else f"{key}={quote(value)}"


def _find(node: DictConfig, prefix: str = "") -> Iterator[tuple[DictConfig, str, str]]:
    """Walk to every path of a configuration: (its node, its key there, its dotted name)."""
    for key in [str(key) for key in node]:
        name = f"{prefix}{key}"
        if name == "hydra":
            continue
        if PATHS.fullmatch(name):
            yield node, key, name
        elif isinstance(node._get_node(key), DictConfig) and not OmegaConf.is_missing(node, key):
            child = node[key]
            if isinstance(child, DictConfig):
                yield from _find(child, f"{name}.")


def _expanded(value: Any, name: str) -> Any:
    if isinstance(value, ListConfig):
        if not LISTS.fullmatch(name):
            raise UserError(f"{name}={list(value)}: expected one path, not a list")
        return [_expanded(item, name) for item in value]
    if not isinstance(value, str):
        raise UserError(f"{name}={value}: expected a path; put it into quotes where it looks like a number")
    if not value.strip():
        raise UserError(f"{name}=: expected a path; nothing stands behind the sign")
    return str(user_path(value)) if value.startswith("~") else value
