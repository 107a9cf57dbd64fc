"""The garbage collector while a verb imports what it works with."""

import gc
import sys

STEP = 100_000
"""New objects between two looks while modules still come in; with the usual 700 the looks are an eighth of a start."""


def collect_seldom_while_importing() -> None:
    """Look for garbage seldom until between two looks nothing was imported; from there on as usual."""
    usual, known = gc.get_threshold(), len(sys.modules)
    if usual[0] == STEP:  # a verb within a verb
        return

    def settle(phase: str, info: dict[str, int]) -> None:  # noqa: ARG001
        nonlocal known
        if phase == "stop":
            if len(sys.modules) == known:
                gc.callbacks.remove(settle)
                gc.set_threshold(*usual)
            known = len(sys.modules)

    gc.callbacks.append(settle)
    gc.set_threshold(STEP, *usual[1:])
