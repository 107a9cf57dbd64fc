"""A callback that ends its own process without warning, as a power cut would."""

import os
import signal

from lightning.pytorch.callbacks import Callback


class Kill(Callback):
    """SIGKILL (or another ``number``) after iteration ``at``; ``marker`` is a file, so that it happens once."""

    def __init__(self, at: int, marker: str, number: int = signal.SIGKILL) -> None:
        self.at, self.marker, self.number = at, marker, number

    def on_train_batch_end(self, trainer, pl_module, *_):
        if int(pl_module.iteration) == self.at and not os.path.exists(self.marker):
            open(self.marker, "w").close()
            os.kill(os.getpid(), self.number)
