"""What ``inpaintlab <verb> --help`` says. Free of torch and Hydra."""

import ast
import re
import textwrap
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from inpaintlab.basics.composing import find_choice, list_choices
from inpaintlab.basics.conf_comments import Entry, read_conf
from inpaintlab.basics.configs import FOLDER

CONFIGS = {"doctor": "train", "sweep": "experiment"}
"""The configuration of a verb, where it has another name."""
WIDTH, COLUMN = 110, 30
"""Columns of the text, and where the sentences begin."""


def help_text(verb: str, module: Path, words: Sequence[str] = ()) -> str:
    """Return what the verb does, three examples, its keys and groups; of ``group=choice`` words their keys too."""
    told = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    title, does, examples = read_docstring(told.replace("``", "`"))
    parts = [f"inpaintlab {verb}: {title}\n{does}", "Examples\n" + "\n".join(f"  {example}" for example in examples)]
    config = Path(FOLDER, f"{CONFIGS.get(verb, verb.replace('-', '_'))}.yaml")
    if config.is_file():
        groups, keys = read_whole(config)
        parts.append(f"Keys (key=value)\n{lay_out(keys)}")
        if groups:
            parts.append(f"Groups (group=choice; {example(verb, groups)} tells of a choice)\n" + lay_out_groups(groups))
        parts += [of_choice(*choice) for word in words if (choice := chosen(word, groups))]
    return "\n\n".join(parts)


def read_docstring(text: str) -> tuple[str, str, list[str]]:
    """Return the first line without the verb's name, the first paragraph behind it, and the examples of a module."""
    title, _, rest = text.partition("\n")
    paragraph, _, rest = rest.strip("\n").partition("\n\n")
    examples = [line.strip() for line in rest.splitlines() if line.startswith("    inpaintlab ")]
    return title.partition("`: ")[2], paragraph, examples


def read_whole(config: Path) -> tuple[list[Entry], list[Entry]]:
    """Return what there is to tell of a configuration: its groups and its keys, those that it inherits too."""
    groups, keys = read_inherited(config)
    names = {group.name for group in groups}
    told = [entry for key in keys for entry in key.told() if entry.name not in names]
    return [group for group in groups if group.is_read()], told


def read_inherited(config: Path) -> tuple[list[Entry], list[Entry]]:
    """Return all groups and keys of a configuration and of the one that it begins with; its own come first."""
    groups, keys = read_conf(config)
    for base in re.findall(r"^ +- (\w+)$", config.read_text(encoding="utf-8"), re.MULTILINE):
        if base != "_self_":
            more = read_inherited(config.with_name(f"{base}.yaml"))
            own = {entry.name for entry in keys}
            groups, keys = groups + more[0], keys + [entry for entry in more[1] if entry.name not in own]
    return groups, keys


def example(verb: str, groups: Sequence[Entry]) -> str:
    """Return a call that tells of a choice."""
    group = groups[-1].name if groups[-1].name != "debug" else groups[0].name
    return f"`inpaintlab {verb} {group}={list_choices(group)[-1]} --help`"


def lay_out(entries: Sequence[Entry]) -> str:
    """Return a line or more for each key: its name and default, its sentence."""
    return "\n".join(_row(_name(entry), entry.comment) for entry in entries)


def _name(entry: Entry) -> str:
    plain = [child.name.rpartition(".")[2] for child in entry.children if not child.comment]
    if plain:
        return f"{entry.name}.{{{','.join(plain)}}}"
    if entry.default == "???":
        return f"{entry.name}=<needed>"
    return entry.name if not entry.default or "${" in entry.default else f"{entry.name}={entry.default}"


def lay_out_groups(groups: Sequence[Entry]) -> str:
    """Return a line or more for each group: its name and default, its sentence, its choices."""
    return "\n".join(
        _row(_name(group), f"{group.comment}: {', '.join(list_choices(group.name))}".removeprefix(": "))
        for group in groups
    )


def _row(left: str, right: str) -> str:
    gap = " " * COLUMN
    lines = textwrap.wrap(right, WIDTH - COLUMN, break_on_hyphens=False, break_long_words=False) or [""]
    first = f"  {left}".ljust(COLUMN - 1)
    head = [f"{first} {lines.pop(0)}"] if len(first) < COLUMN else [first]
    return "\n".join([*head, *(f"{gap}{line}" for line in lines)]).rstrip()


def chosen(word: str, groups: Sequence[Entry]) -> tuple[str, str] | None:
    """Return (group, choice) of a word that makes one."""
    group, _, choice = word.partition("=")
    there = any(entry.name == group for entry in groups) and choice in list_choices(group)
    return (group, choice) if there else None


def of_choice(group: str, choice: str) -> str:
    """Return what a choice is, as the first lines of its YAML say it, and its keys."""
    path = find_choice(group, choice)
    text = path.read_text(encoding="utf-8")
    head = [line[2:] for line in takewhile(lambda line: line.startswith("#"), text.splitlines())]
    package = next((line.split()[1] for line in head if line.startswith("@package")), group)
    about = "\n".join(line for line in head if not line.startswith("@package"))
    keys = [key for base in [path, *_bases(path, text)] for key in read_conf(base)[1]]
    rows = {}
    for key in keys:
        for entry in (key, *key.children) if key.children else (key,):
            name = entry.name if package == "_global_" else f"{package}.{entry.name}"
            told = entry.comment or "${" not in entry.default
            if told and not entry.children and name not in rows:
                rows[name] = _row(_name(Entry(name, entry.default, "")), entry.comment)
    return "\n".join([f"{group}={choice}", *textwrap.indent(about, "  ").splitlines(), *rows.values()])


def _bases(path: Path, text: str) -> list[Path]:
    """Return the YAMLs of the same group that this one begins with."""
    found = re.search(r"^defaults: \[(.*)\]", text, re.MULTILINE)
    names = re.findall(r"\w+", found[1]) if found else []
    return [base for name in names if (base := path.with_name(f"{name}.yaml")).is_file()]
