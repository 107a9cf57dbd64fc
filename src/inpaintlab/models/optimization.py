"""Another optimiser or schedule of the learning rates than a paper's own: ``optimizer=`` and ``lr_schedule=``."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch.optim import Optimizer

from inpaintlab.basics.errors import UserError, check_whole
from inpaintlab.models.base import InpaintingModule

Algorithm = Callable[[list[dict[str, Any]]], Optimizer]
"""Makes an optimiser of parameter groups that know their rates: ``partial(torch.optim.AdamW, weight_decay=0.1)``."""


@dataclass(frozen=True)
class RateSchedule:
    """Factors for the rates that the paper has at the same iteration: a pure function of the model's clock.

    Args:
        warmup: iterations in which the factor rises to 1 along a straight line.
        decay: ``none``, or ``cosine``: it falls to 0 along half a wave.
        iterations: at which it is 0; None = the model's own. ``trainer.max_steps`` has no say in it, so that a run that
            was stopped there goes on as if it had not been.
    """

    warmup: int = 0
    decay: Literal["none", "cosine"] = "none"
    iterations: int | None = None

    def __post_init__(self) -> None:
        if self.decay not in ("none", "cosine"):
            raise UserError(f"lr_schedule.decay={self.decay}: expected none or cosine")
        check_whole("lr_schedule.warmup", self.warmup, 0)
        if self.iterations is not None:
            check_whole("lr_schedule.iterations", self.iterations, 1)

    def end(self, model: InpaintingModule) -> int | None:
        """Return the iteration at which the rates are 0, None where they do not fall."""
        if self.decay == "none":
            return None
        end = self.iterations or model.iterations
        if end is None or end <= self.warmup:
            raise UserError(
                f"lr_schedule.iterations={end}: cosine needs an end behind lr_schedule.warmup={self.warmup}; "
                "give lr_schedule.iterations=<number>"
            )
        return end

    def factor(self, iteration: int, end: int | None) -> float:
        """Return the factor of the step after ``iteration`` steps."""
        up = min(1.0, (iteration + 1) / max(1, self.warmup))
        if end is None:
            return up
        share = min(1.0, max(0.0, (iteration - self.warmup) / (end - self.warmup)))
        return min(up, 0.5 * (1 + math.cos(math.pi * share)))


def optimize_with(model: InpaintingModule, algorithm: Algorithm | None, schedule: RateSchedule | None) -> None:
    """Train ``model`` by another algorithm, or at rates that a schedule multiplies; None leaves the paper's.

    The parameters of each optimiser, and so of each player of a GAN, and its rate stay the paper's.
    """
    if algorithm is None and schedule is None:
        return
    own = model.configure_optimizers
    if schedule is not None:
        end = model.rates_end = schedule.end(model)
        model.rate_factor = lambda: schedule.factor(int(model.iteration), end)  # type: ignore[method-assign]

    def configure() -> Any:
        made: Any = own()
        optimizers, schedulers = made if isinstance(made, tuple) else ([made], [])
        if schedulers and algorithm is not None:
            raise UserError(f"optimizer: {type(model).__name__} steers its own by a schedule; take optimizer=paper")
        if algorithm is not None:
            optimizers = [replaced(optimizer, algorithm) for optimizer in optimizers]
        if schedule is not None:
            for optimizer in optimizers:
                multiply_rates(optimizer, model.rate_factor)
        return (optimizers, schedulers) if isinstance(made, tuple) else optimizers[0]

    # In front of the paper's method, so that a paper, also one from elsewhere, need not know that there is a choice.
    model.configure_optimizers = configure  # type: ignore[method-assign]


def replaced(optimizer: Optimizer, algorithm: Algorithm) -> Optimizer:
    """Return another optimiser for the same parameters at the same rates."""
    return algorithm([{"params": group["params"], "lr": group["lr"]} for group in optimizer.param_groups])


def multiply_rates(optimizer: Optimizer, factor: Callable[[], float]) -> None:
    """Multiply the rates for the time of each step: before and after it they are what the paper has set."""
    rates: list[float] = []

    def before(optimizer: Optimizer, *_: Any) -> None:
        rates[:] = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] *= factor()

    def after(optimizer: Optimizer, *_: Any) -> None:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
