"""How a verb is run: words -> Hydra -> its task, and one line where something given is wrong."""

import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.utils import get_args_parser  # the one that hydra.main asks

from inpaintlab.basics.collecting import collect_seldom_while_importing
from inpaintlab.basics.composing import compose_with_hydra
from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError, one_line
from inpaintlab.basics.messages import report_errors
from inpaintlab.basics.words import first_values


def verb(config: str) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a task, which takes the composed configuration ``config``, a verb's ``main``, which takes ``sys.argv``."""

    def decorate(task: Callable[..., Any]) -> Callable[[], None]:
        run = hydra.main(config_path=FOLDER, config_name=config, version_base="1.3")(report_errors(task))

        @functools.wraps(task)
        def main() -> None:
            # Whoever begins a process from here on, multiprocessing too: it looks for no modules in the working folder.
            os.environ["PYTHONSAFEPATH"] = "1"
            collect_seldom_while_importing()
            check_words(config, sys.argv[1:])
            run()

        return main

    return decorate


def check_words(config: str, words: Sequence[str]) -> None:
    """End the process with one line for the first word that the configuration does not know.

    Hydra composes it once more, a tenth of a second, since its own command line prints and ends by itself.
    """
    flags = get_args_parser().parse_args(words)
    if flags.help or flags.hydra_help or os.environ.get("HYDRA_FULL_ERROR") == "1":
        return
    asked = first_values(flags.overrides) if flags.multirun else flags.overrides
    folder = str(Path(flags.config_dir).absolute()) if flags.config_dir else FOLDER
    try:
        compose_with_hydra(flags.config_name or config, asked, folder)
    except UserError as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        sys.exit(2)
