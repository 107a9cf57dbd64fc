"""Words in CSV that a spreadsheet takes as words: without care it runs a cell that begins with =, +, - or @."""

import re

RUN = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-](inf|nan)")


def safe_cell(text: str) -> str:
    """Put an apostrophe before a word that would be run; a number stays one."""
    return f"'{text}" if RUN.match(text) and not NUMBER.fullmatch(text) else text


def raw_cell(text: str) -> str:
    """Return the word that ``safe_cell`` was given."""
    return text[1:] if text.startswith("'") and RUN.match(text) else text
