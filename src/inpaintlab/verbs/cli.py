"""``inpaintlab <verb> [key=value ...]``: hands the words over to the verb.

A verb is a module of this folder: its name is the word, the first line of its docstring says what it does.
"""

import ast
import difflib
import importlib
import sys
from pathlib import Path

from inpaintlab import __version__
from inpaintlab.basics.errors import one_line
from inpaintlab.basics.help_text import help_text
from inpaintlab.basics.paths import quote_words
from inpaintlab.basics.plugins import join_search_path, with_outside

HELP = frozenset(["-h", "--help"])


def list_verbs() -> dict[str, str]:
    """Return {verb: what it does}, read off the modules without importing them."""
    verbs = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "cli"):
            told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            verbs[path.stem.replace("_", "-")] = told.splitlines()[0].partition("``: ")[2].rstrip(".")
    return verbs


def module_of(verb: str) -> Path:
    """Return a verb's module."""
    return Path(__file__).parent / f"{verb.replace('-', '_')}.py"


def usage() -> str:
    """Say what can be typed."""
    verbs = "\n".join(f"  {verb:14}{what}" for verb, what in list_verbs().items())
    return (
        f"inpaintlab {__version__}\n\nusage: inpaintlab <verb> [key=value ...]\n\n{verbs}\n\n"
        "`inpaintlab <verb> --help` lists a verb's choices and keys."
    )


def main() -> None:
    """Run the verb named by the first word; Ctrl-C at any moment is one line."""
    try:
        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def run() -> None:
    """Find the verb, and hand the words over."""
    if len(sys.argv) < 2 or sys.argv[1] in (*HELP, "--version"):
        print(usage())
        return
    verb = sys.argv.pop(1)
    if verb not in (verbs := list_verbs()):
        meant = "".join(f"; did you mean {name}?" for name in difflib.get_close_matches(verb, verbs, 1))
        expected = f"; expected one of: {', '.join(verbs)}"
        sys.exit(one_line(f"error: unknown verb '{verb}'{meant or expected}"))
    if HELP & set(sys.argv[1:]):
        print(help_text(verb, module_of(verb), sys.argv[1:]))
        return
    sys.argv = [f"inpaintlab {verb}", *quote_words(with_outside(sys.argv[1:]))]
    join_search_path()
    importlib.import_module(f"inpaintlab.verbs.{verb.replace('-', '_')}").main()


if __name__ == "__main__":
    main()
