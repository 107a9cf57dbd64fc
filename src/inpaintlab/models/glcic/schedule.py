"""The phases of training: who learns, and for how long (T_C, T_D and the rest of T_train)."""

from collections.abc import Mapping, Sequence
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.models import stages

PLAYERS = ("generator", "discriminator")
PHASES = (
    {"iterations": 90_000, "plays": ["generator"]},
    {"iterations": 10_000, "plays": ["discriminator"]},
    {"iterations": 400_000, "plays": ["generator", "discriminator"]},
)
"""T_C = 90,000 iterations of the completion network by its reconstruction, T_D = 10,000 of the discriminator, then both
up to T_train = 500,000."""


def stage_at(phases: Sequence[Mapping[str, Any]], iteration: int) -> tuple[str, ...]:
    """Return who plays in the step after ``iteration`` steps; the last phase goes on for ever."""
    return tuple(stages.stage_at(phases, iteration)["plays"])


def check_phases(phases: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a schedule that is not one, with ``UserError``."""
    if not phases:
        raise UserError(f"model.phases: expected at least one of {{{', '.join(PHASES[0])}}}")
    for phase in phases:
        if set(phase) != set(PHASES[0]):
            raise UserError(f"model.phases: each needs {', '.join(PHASES[0])}, got {', '.join(phase) or 'nothing'}")
        if phase["iterations"] < 1 or not phase["plays"] or set(phase["plays"]) - set(PLAYERS):
            raise UserError(
                f"model.phases: expected iterations >= 1, and plays, a list of {', '.join(PLAYERS)} or both; "
                f"got {dict(phase)}"
            )
