"""Schedules as data: a list of stages, each lasting some optimiser steps, read by pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from inpaintlab.basics.errors import UserError

Stage = Mapping[str, Any]
"""``iterations`` (optimiser steps), ``lr``, and whatever else a paper switches."""


def stage_at(stages: Sequence[Stage], iteration: int) -> Stage:
    """Return the stage that the step after ``iteration`` steps belongs to; the last one goes on for ever."""
    for stage in stages:
        if iteration < stage["iterations"]:
            return stage
        iteration -= stage["iterations"]
    return stages[-1]


def total_iterations(stages: Sequence[Stage]) -> int:
    """Return how long all stages last together, in optimiser steps."""
    return sum(stage["iterations"] for stage in stages)


def check_stages(stages: Sequence[Stage], keys: Sequence[str]) -> None:
    """Refuse a schedule whose stages have other keys, or no positive length and rate, with ``UserError``."""
    if not stages:
        raise UserError(f"model.stages: expected at least one of {{{', '.join(keys)}}}")
    for stage in stages:
        if set(stage) != set(keys):
            raise UserError(f"model.stages: each needs {', '.join(keys)}, got {', '.join(stage) or 'nothing'}")
        if not (stage["iterations"] > 0 and stage["lr"] > 0):
            raise UserError(f"model.stages: iterations and lr must be positive, got {dict(stage)}")
