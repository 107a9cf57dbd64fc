"""The processes of an evaluation: this one alone, several started here, or those that torchrun has started.

They divide the batches and never exchange a number, so the backend is gloo on every device: each writes to its own
journal, and the first one puts the whole together when all are done.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.basics.messages import user_message

Task = Callable[[dict[str, Any], "ProcessGroup"], None]
MESSAGE = "message"
"""File with the line for the user, of the process that failed."""
PATIENCE = timedelta(days=7)
"""How long a process waits for the slowest one."""


@dataclass(frozen=True)
class ProcessGroup:
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Among those of the same machine: the number of its GPU."""

    def first(self, work: Callable[[], Any]) -> Any:
        """Let the first process do the work, the others wait; return its result in all of them."""
        if self.size == 1:
            return work()
        import torch.distributed

        result = [work() if self.rank == 0 else None]
        torch.distributed.broadcast_object_list(result)
        return result[0]

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            import torch.distributed

            torch.distributed.barrier()


def is_launched() -> bool:
    """Tell whether torchrun has started this process as one of several."""
    return "LOCAL_RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def run(task: Task, cfg: dict[str, Any], devices: int) -> bool:
    """Call ``task(cfg, group)`` in every process; True in the one that may go on with the result.

    ``cfg`` is plain data and ``task`` can be imported, since both travel.
    """
    if is_launched():
        return join(task, cfg)
    if devices == 1:
        task(cfg, ProcessGroup())
        return True
    import torch.multiprocessing
    from torch.multiprocessing import ProcessRaisedException

    with tempfile.TemporaryDirectory(prefix="inpaintlab-evaluate-") as meeting:
        message = Path(meeting, MESSAGE)
        try:
            torch.multiprocessing.spawn(start, (task, cfg, devices, meeting), devices)
        except ProcessRaisedException as error:
            if message.is_file():
                raise UserError(message.read_text(encoding="utf-8")) from error
            raise
    return True


def start(rank: int, task: Task, cfg: dict[str, Any], devices: int, meeting: str) -> None:
    """Be process ``rank`` of ``devices`` on this machine, which meet in the folder ``meeting``."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // devices))
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(devices))
    try:
        join(task, cfg, f"file://{meeting}/store")
    except Exception as error:
        # The others fail too, once this one is gone, and theirs may be the error that arrives.
        if message := user_message(error):
            write_text(Path(meeting, MESSAGE), message)
        raise


def join(task: Task, cfg: dict[str, Any], meeting: str = "env://") -> bool:
    """Meet the other processes, do the task, and tell whether this is the first one."""
    import torch.distributed

    rank, size, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    torch.distributed.init_process_group("gloo", meeting, timeout=PATIENCE, rank=rank, world_size=size)
    try:
        task(cfg, ProcessGroup(rank, size, local))
    finally:
        torch.distributed.destroy_process_group()
    return rank == 0
