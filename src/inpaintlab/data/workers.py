"""Processes of a loader: they outlive the SIGTERM that a whole job gets, and end with the process that began them."""

import signal
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import util
from multiprocessing.process import BaseProcess

from torch.utils.data import DataLoader

from inpaintlab.batch import Batch


class OutlivingLoader(DataLoader[Batch]):
    """A loader whose workers may ignore SIGTERM, ``worker_init_fn=outlive_sigterm``, and end with this process.

    Where somebody still holds the iterator, ``multiprocessing`` would send them a SIGTERM at the end and wait for ever;
    so they are killed before that.
    """

    _watched: Callable[[], object] = staticmethod(lambda: None)

    def __iter__(self) -> Iterator[Batch]:
        iterator = super().__iter__()
        if self.num_workers and iterator is not self._watched():  # workers that persist come with the same again
            util.Finalize(iterator, kill, (iterator._workers,), exitpriority=0)
            self._watched = weakref.ref(iterator)
        return iterator


def outlive_sigterm(worker: int) -> None:  # noqa: ARG001
    """Let a loader's worker ignore SIGTERM: sent to all processes of a job, it would leave training without data."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def kill(processes: Sequence[BaseProcess]) -> None:
    """Kill those that are still there, and wait until they are not."""
    for process in processes:
        if process.is_alive():
            process.kill()
            with suppress(RuntimeError):  # torch tells, wherever this process is, that a worker was killed
                process.join()
            process.join()
