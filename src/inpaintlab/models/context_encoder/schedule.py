"""The phases of training: which losses count, and how much (section "Training Strategy", Table I)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from inpaintlab.basics.errors import UserError

LOSSES = ("rec", "local", "global")
"""lambda_1, lambda_2 and lambda_3 of eq. 5."""
PHASES = (
    {"iterations": 298_000, "rec": 1.0, "local": 0.0, "global": 0.0, "ramp": 0.0},
    {"iterations": 223_500, "rec": 0.999, "local": 0.001, "global": 0.0, "ramp": 0.2},
    {"iterations": 223_500, "rec": 0.998, "local": 0.001, "global": 0.001, "ramp": 0.2},
)
"""Ours, since Table I is lost: 2,000, 1,500 and 1,500 epochs of 149 iterations (14,900 pictures, batches of 100).

Fig. 10 shows what comes out every 1,000 epochs."""


class Stage(NamedTuple):
    """What one iteration minimises."""

    weights: dict[str, float]
    """Weight of each of ``LOSSES``."""
    discriminators: tuple[str, ...]
    """Those of ``local`` and ``global`` that play: from the first iteration of a phase on that gives them weight."""


def stage_at(phases: Sequence[Mapping[str, Any]], iteration: int) -> Stage:
    """Return the stage of the step after ``iteration`` steps; the last phase goes on for ever.

    In the first ``ramp`` (a share) of a phase the weights go linearly from those of the phase before to its own.
    """
    before = phases[0]
    for phase in phases:
        if iteration < phase["iterations"]:
            break
        iteration -= phase["iterations"]
        before = phase
    ramp = phase["ramp"] * phase["iterations"]
    progress = min(1.0, iteration / ramp) if ramp else 1.0
    weights = {name: (1 - progress) * before[name] + progress * phase[name] for name in LOSSES}
    return Stage(weights, tuple(name for name in LOSSES[1:] if phase[name] or weights[name]))


def check_phases(phases: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a schedule that is not one, with ``UserError``."""
    if not phases:
        raise UserError(f"model.phases: expected at least one of {{{', '.join(PHASES[0])}}}")
    if phases[0].get("ramp"):
        raise UserError(f"model.phases: nothing comes before the first one, so ramp=0 there, got {phases[0]['ramp']}")
    for phase in phases:
        if set(phase) != set(PHASES[0]):
            raise UserError(f"model.phases: each needs {', '.join(PHASES[0])}, got {', '.join(phase) or 'nothing'}")
        if phase["iterations"] < 1 or not 0 <= phase["ramp"] <= 1 or min(phase[name] for name in LOSSES) < 0:
            raise UserError(
                f"model.phases: expected iterations >= 1, weights >= 0 and ramp, a share of the phase, in 0..1; "
                f"got {dict(phase)}"
            )
