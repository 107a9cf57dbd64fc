"""Tables of metrics as Markdown."""

import re
from collections.abc import Sequence
from typing import Any

from inpaintlab.records.measures import AUXILIARY, best_of, is_number, measure_of


def markdown(rows: Sequence[dict[str, Any]], rivals: Sequence[str] | None = None) -> str:
    """Lay out rows {column: value}; a column that no row has a value for is left out.

    Among rows that agree in the columns ``rivals`` the best of each measure is printed bold (None: no bold).
    """
    columns = [
        name for name in dict.fromkeys(key for row in rows for key in row) if any(is_number(r.get(name)) for r in rows)
    ]
    numeric = [name in AUXILIARY or measure_of(name) is not None for name in columns]
    lines = [columns, ["---:" if number else ":---" for number in numeric]]
    for row in rows:
        peers = [r for r in rows if rivals is not None and all(r.get(key) == row.get(key) for key in rivals)]
        lines.append([_entry(name, row.get(name), peers) for name in columns])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def escape(text: str) -> str:
    """Write a word from anywhere so that Markdown shows it: no tag, link, picture or column begins in it."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", " ".join(text.splitlines())).replace("](", "]\\(").replace("|", "\\|")


def code(text: str) -> str:
    """Write a text as code, with a fence that does not occur in it."""
    text = " ".join(text.splitlines())
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{text}{space}{fence}"


def _entry(name: str, value: Any, peers: Sequence[dict[str, Any]]) -> str:
    if not is_number(value):
        return "-"
    placed = measure_of(name)
    if placed is None:
        return f"{value:.0f}" if name in AUXILIARY else escape(str(value))
    text = placed[0].text(value)
    return f"**{text}**" if value == best_of(name, peers) else text
