"""The keys of a YAML of ``conf/`` with the sentences that stand beside them: a fact in one place, told by ``--help``.

A comment behind a key is its sentence, and goes on in comments below it that are indented further than the key.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = re.compile(r"(?P<indent> *)(?P<key>[\w.]+):(?: +(?P<value>.*))?$")
DEFAULT = re.compile(r" +- (?P<override>override )?(?P<key>[\w/]+): (?P<value>.*)$")
GROUP_FILLS = "filled in by the group"
"""The comment of a key that is a group's node."""
NOT_READ = "not read here"
"""How the comment begins of what only stands there because a paper's YAML has a say in it."""


@dataclass
class Entry:
    """A key, or a group of the defaults list."""

    name: str
    """Dotted."""
    default: str
    """As it stands there; "" of a node with keys of its own."""
    comment: str
    children: list["Entry"] = field(default_factory=list)

    def is_read(self) -> bool:
        """Tell whether the verb looks at it."""
        return not self.comment.startswith(NOT_READ)

    def told(self) -> list["Entry"]:
        """Return what there is to tell: itself, or those of its keys that have sentences of their own."""
        if self.comment == GROUP_FILLS or not self.is_read():
            return []
        commented = [child for child in self.children if child.comment]
        return ([self] if self.comment else []) + [entry for child in commented for entry in child.told()]


def read_conf(path: Path) -> tuple[list[Entry], list[Entry]]:
    """Return (groups of the defaults list, keys) of a YAML, in their order, without those that only Hydra reads."""
    groups: list[Entry] = []
    keys: list[Entry] = []
    open_: list[tuple[int, Entry]] = []  # the nodes that the line lies in, with their indents
    last: Entry | None = None
    in_defaults = False
    for line in path.read_text(encoding="utf-8").splitlines():
        text, _, comment = (part.strip() for part in re.sub(r"(^|\s)#( |$)", "\0", line, count=1).partition("\0"))
        if not text:
            if last is not None and comment and line.startswith(" "):
                last.comment = f"{last.comment} {comment}".strip()
            continue
        code = line[: len(line) - len(line.lstrip())] + text
        if in_defaults and (found := DEFAULT.match(code)):
            last = None if "hydra/" in code else Entry(found["key"], found["value"], comment)
            if last is not None and not found["override"]:
                groups.append(last)
        elif found := ENTRY.match(code):
            indent = len(found["indent"])
            open_ = [(depth, node) for depth, node in open_ if depth < indent]
            in_defaults = found["key"] == "defaults"
            parent = open_[-1][1] if open_ else None
            last = Entry(f"{parent.name}.{found['key']}" if parent else found["key"], found["value"] or "", comment)
            if not in_defaults and found["key"] not in ("hydra", "_target_"):
                (parent.children if parent else keys).append(last)
            open_.append((indent, last))
    return groups, keys
