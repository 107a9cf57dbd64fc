"""What a word that Hydra refuses should have been: one line, where Hydra tells its grammar or says how to add a key."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf

OWN = frozenset(["hydra", "choices", "overrides"])
"""Keys that are not the user's."""
MOST = 30
"""So many choices are told; of more, where they stand."""


def explain(
    error: HydraException,
    words: Sequence[str],
    compose: Callable[[list[str]], DictConfig],
    choices: Callable[[str], Collection[str]],
) -> str:
    """Return the line for what Hydra raised as it composed these words.

    ``compose`` lets it try fewer of them; ``choices`` are those of a group.
    """
    text = str(error)
    if isinstance(error, OverrideParseException):
        return unreadable_word(error.override)
    if unclosed := next(filter(never_closed, words), None):
        return unreadable_word(unclosed)
    if found := re.search(r"Could not (?:find|load) '(?P<path>[^']+/[^']*)'", text):
        keys = [word.partition("=")[0].lstrip("+") for word in words]
        group = next((key for key in keys if found["path"].startswith(f"{key}/")), found["path"].partition("/")[0])
        choice = found["path"].removeprefix(f"{group}/")
        options = getattr(error, "options", None) or choices(group)
        if group == "data" and f"val_data={choice}" in words:  # it is made of those of data
            group = "val_data"
        return unknown_choice(group, choice, options)
    if found := re.match(r"Could not override '(?P<key>[^']+)'", text):
        return unknown_key(found["key"], _compose_without(found["key"], words, compose))
    cause = f": {error.__cause__}" if error.__cause__ else ""
    return " ".join(re.split(r"Config search path|To append to your|full_key", text + cause)[0].split())


def unreadable_word(word: str) -> str:
    """Return the line for a word that Hydra's grammar does not know."""
    key, equals, value = word.partition("=")
    if not equals:
        return f"{word}: expected key=value"
    if never_closed(word):
        return f"{word}: '${{' is never closed; ${{key}} is the value of another key, a plain one: \"{key}='\\${{...'\""
    for left, right in ("[]", "{}", "()", "''", '""'):
        odd = value.count(left) % 2 if left == right else value.count(left) != value.count(right)
        if odd:
            return f"{word}: {left} and {right} must come in pairs; put a plain text into quotes: \"{key}='...'\""
    return f"{word}: the value cannot be read; put it into quotes: \"{key}='{value}'\""


def never_closed(word: str) -> bool:
    """Tell whether a word begins a ``${key}`` that does not end."""
    plain = re.sub(r"\\+\$\{", "", word)
    return plain.count("${") > plain.count("}")


def unknown_choice(group: str, choice: str, options: Collection[str]) -> str:
    """Return the line for a choice that a group does not have."""
    if choice.endswith((".ckpt", ".onnx", ".pth", ".pt")):
        return f"{group}={choice}: a file is no choice of {group}; did you mean ckpt={choice}?"
    options = sorted(option for option in options if not option.startswith("_"))
    meant = difflib.get_close_matches(choice, options, 1, 0.5)
    told = f"did you mean {meant[0]}?" if meant else f"expected one of {', '.join(options)}"
    return f"{group}={choice}: no such choice; {told}"


def unknown_key(key: str, cfg: DictConfig | None) -> str:
    """Return the line for a key that ``cfg``, what the other words compose, does not have; None: nothing is known."""
    if cfg is None:
        return f"{key}: no such key; --help lists them"
    node, _, last = key.rpartition(".")
    if node and OmegaConf.select(cfg, node, throw_on_missing=False, default=None) is None and node in cfg:
        return f"{key}: nothing is chosen for {node}, whose key it would be; give {node}=<choice> too"
    groups = [str(group) for group in cfg.hydra.runtime.choices if not str(group).startswith("hydra/")]
    known = list(dict.fromkeys([*groups, *(name for name in _names(cfg) if name.partition(".")[0] not in OWN)]))
    if key in known:
        return f"{key}: takes no such value here; see --help"
    meant = [name for name in known if name.rpartition(".")[2] == last]
    meant += difflib.get_close_matches(key, known, 1, 0.7)
    if not node:
        meant += difflib.get_close_matches(last, [name for name in known if "." not in name], 1)
    if meant:
        return f"{key}: no such key; did you mean {meant[0]}?"
    own = [name for name in known if name.rpartition(".")[0] == node]
    return f"{key}: no such key; expected " + (", ".join(own) if 0 < len(own) <= MOST else "one that --help lists")


def _compose_without(key: str, words: Sequence[str], compose: Callable[[list[str]], DictConfig]) -> DictConfig | None:
    """Compose the words that do not begin with the key; None where others are wrong too."""
    try:
        return compose([word for word in words if not word.lstrip("+~").startswith((f"{key}=", f"{key}."))])
    except HydraException:
        return None


def _names(node: DictConfig, prefix: str = "") -> Iterator[str]:
    """Walk through the dotted names of all keys, without resolving any value."""
    for key in map(str, node):
        yield f"{prefix}{key}"
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            yield from _names(child, f"{prefix}{key}.")
