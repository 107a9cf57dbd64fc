"""How long a run will take, told when it has begun and it is long."""

import time
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import Callback, Timer

from inpaintlab.training.durations import about
from inpaintlab.training.opening import last_iteration

HOUR = 3600


class Forecast(Callback):
    """Say once what is left, where that is an hour or more.

    Args:
        after: iterations that are timed; as many before them warm up.
    """

    def __init__(self, after: int = 10) -> None:
        super().__init__()
        self.after = after
        self.begun: tuple[int, float] | None = None
        self.seen = 0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:  # noqa: ARG002
        """Begin to count."""
        self.begun, self.seen = None, 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Start the clock after the warm-up, and read it."""
        self.seen += 1
        iteration, now = int(pl_module.iteration), time.monotonic()
        if self.seen == self.after:
            self.begun = iteration, now
        if self.seen != 2 * self.after or self.begun is None or not trainer.is_global_zero:
            return
        last = last_iteration(pl_module, trainer.max_steps)
        done, since = iteration - self.begun[0], now - self.begun[1]
        if last is None or not done:
            return
        left = (last - iteration) * since / done
        timers = [one.time_remaining() for one in trainer.callbacks if isinstance(one, Timer)]  # trainer.max_time
        if min([left, *(seconds for seconds in timers if seconds is not None)]) < HOUR:
            return
        limit = ", but no longer than trainer.max_time" if timers else ""
        told = f"{about(left)} for the other {last - iteration:,} iterations, without the judging{limit}"
        print(f"forecast: {told}", flush=True)
