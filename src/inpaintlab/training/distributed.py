"""Training in several processes, one for each device."""

from datetime import timedelta
from typing import Any

from lightning.pytorch.strategies import DDPStrategy


class DataParallel(DDPStrategy):
    """DistributedDataParallel as the papers here need it.

    - A GAN's players take turns, so in each backward pass the others have no gradients, which DDP has to look for;
      the other papers use every parameter in every step and are spared the search.
    - Validation calls the model itself: DDP would wait in each batch for all processes, and since no picture is
      counted twice, one of them may have a batch more. The running statistics of BatchNorm are the first process's.
    - The clock is on the CPU, where NCCL copies nothing; each process counts for itself.

    ``timeout`` is how many seconds a process waits for the others before it gives up.
    """

    def __init__(self, timeout: float = 1800) -> None:
        self.timeout = timedelta(seconds=timeout)
        super().__init__(timeout=self.timeout)

    def configure_ddp(self) -> None:
        """Wrap the model."""
        self.lightning_module._ddp_params_and_buffers_to_ignore = ["iteration"]
        if not self.lightning_module.automatic_optimization:
            self._ddp_kwargs["find_unused_parameters"] = True
        super().configure_ddp()

    def validation_step(self, *args: Any, **kwargs: Any) -> Any:
        """Judge one batch without waiting for the other processes."""
        with self.precision_plugin.val_step_context():
            return self.lightning_module.validation_step(*args, **kwargs)
