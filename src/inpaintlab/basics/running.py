"""How a verb is run: words -> Hydra -> its task, and one line where something given is wrong."""

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra

from inpaintlab.basics.composing import compose_with_hydra
from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors
from inpaintlab.basics.words import first_values

NAME, PLACE = (re.compile(rf"(?:--config-{word}|-c{word[0]})=(.*)") for word in ("name", "dir"))
HELP, MULTIRUN = frozenset(["-h", "--help", "--hydra-help"]), frozenset(["-m", "--multirun"])


def verb(config: str) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a task, which takes the composed configuration ``config``, a verb's ``main``, which takes ``sys.argv``."""

    def decorate(task: Callable[..., Any]) -> Callable[[], None]:
        run = hydra.main(config_path=FOLDER, config_name=config, version_base="1.3")(report_errors(task))

        @functools.wraps(task)
        def main() -> None:
            check_words(config, sys.argv[1:])
            run()

        return main

    return decorate


def check_words(config: str, words: Sequence[str]) -> None:
    """End the process with one line for the first word that the configuration does not know.

    Hydra composes it once more, a tenth of a second, since its own command line prints and ends by itself.
    """
    flags = [word for word in words if word.startswith("-")]
    if HELP & set(flags) or os.environ.get("HYDRA_FULL_ERROR") == "1":
        return
    asked = [word for word in words if not word.startswith("-")]
    names, places = ([found[1] for flag in flags if (found := kind.fullmatch(flag))] for kind in (NAME, PLACE))
    folder = str(Path(places[-1]).absolute()) if places else FOLDER
    try:
        compose_with_hydra([config, *names][-1], first_values(asked) if MULTIRUN & set(flags) else asked, folder)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
