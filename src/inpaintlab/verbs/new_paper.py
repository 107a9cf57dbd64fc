"""``inpaintlab new-paper <name>``: write the files that a new paper begins with; they train and pass their tests.

They are a package of the model, its YAML and its tests; run it in a clone of the repository.

    inpaintlab new-paper gated_convolution
    inpaintlab new-paper name=partial_attention
    inpaintlab new-paper co_mod_gan

``network.py``, ``module.py``, ``__init__.py`` and ``README.md`` in ``src/inpaintlab/models/<name>``, the YAML in
``conf/model``, the tests in ``tests/models/<name>``, and the paper's place in the floors of ``pyproject.toml``. What is
to be replaced is a small network with an L1 loss. Works in a clone of the repository.
"""

import re
import sys
from pathlib import Path
from string import Template

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.basics.messages import report_errors

TEMPLATES = Path(__file__).parent / "templates" / "new_paper"
FILES = {
    "src/inpaintlab/models/$name/__init__.py": "package",
    "src/inpaintlab/models/$name/network.py": "network",
    "src/inpaintlab/models/$name/module.py": "module",
    "src/inpaintlab/models/$name/README.md": "README",
    "conf/model/$name.yaml": "config",
    "tests/models/$name/test_module.py": "test_module",
}
"""{path within the clone: template}."""
FLOORS = "pyproject.toml"
LAST = " | inpaintlab.models.classical"
"""The end of the papers' floor, before which a new one goes."""


def new_paper(words: list[str], clone: Path) -> list[Path]:
    """Write the files into ``clone`` and return them; ``UserError`` if the name will not do, or nothing is written."""
    name = check_name(words)
    floors = clone / FLOORS
    text = floors.read_text(encoding="utf-8") if floors.is_file() else ""
    if LAST not in text:
        raise UserError(f"{clone.absolute()}: not a clone of inpaintlab; change to the folder of its pyproject.toml")
    fields = {"name": name, "Class": "".join(part.capitalize() for part in name.split("_"))}
    targets = {clone / Template(path).substitute(fields): TEMPLATES / f"{kind}.txt" for path, kind in FILES.items()}
    if there := next((path for path in targets if path.exists()), None):
        raise UserError(f"{there}: exists already; choose another name")
    for target, template in targets.items():
        written = Template(template.read_text(encoding="utf-8")).substitute(fields)
        write_text(target, with_sorted_imports(written))
    write_text(clone / "tests" / "models" / name / "__init__.py", "")
    write_text(floors, text.replace(LAST, f" | inpaintlab.models.{name}{LAST}"))
    return [*targets, floors]


def with_sorted_imports(text: str) -> str:
    """Put neighbouring imports of this package into the order of their names, which depends on the paper's."""
    block = r"(?:^from inpaintlab\..*\n)+"
    return re.sub(block, lambda found: "".join(sorted(found[0].splitlines(keepends=True))), text, flags=re.MULTILINE)


def check_name(words: list[str]) -> str:
    """Return the name among the words, ``gated`` or ``name=gated``."""
    name = words[0].removeprefix("name=") if len(words) == 1 else ""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        given = " ".join(words) or "nothing"
        raise UserError(f"expected the name of one paper in small letters, such as gated_convolution, got: {given}")
    return name


@report_errors
def run(words: list[str]) -> None:
    """Write, and say what comes next."""
    written = new_paper(words, Path())
    name = check_name(words)
    print("\n".join(f"written  {path}" for path in written))
    print(f"next     make train model={name} data=photos, and python -m pytest tests/models/{name}")


def main() -> None:
    """Run the verb."""
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
