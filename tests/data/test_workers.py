"""A loader's processes at the end of the one that began them."""

import gc
import os
import subprocess
import sys

import pytest
import torch

from inpaintlab.data.workers import OutlivingLoader, outlive_sigterm
from tests.helpers.process import environment

HELD = """
import sys
from hydra.utils import instantiate
import inpaintlab
from multiprocessing import active_children

cfg = inpaintlab.compose("model=pconv", "mask=irregular", "data.num_workers=1", "data.batch_size=4", "paper.size=32")
data = instantiate(cfg.data, _convert_="all")
data.prepare_data()
data.setup("fit")
loader = iter(data.train_dataloader())
next(loader)
print(*(child.pid for child in active_children()))
"""


@pytest.mark.slow
def test_a_script_that_holds_a_loader_ends_and_its_workers_with_it():
    """Only a process's end runs what is to be run there."""
    answer = subprocess.run(
        [sys.executable, "-c", HELD], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    (worker,) = map(int, answer.stdout.split())
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_an_iterator_in_a_ring_is_collected_quietly(monkeypatch):
    """Torch makes an error of a killed worker wherever the process is, here in the middle of a collection."""
    loader = OutlivingLoader([torch.zeros(1)] * 4, num_workers=1, worker_init_fn=outlive_sigterm)
    iterator = iter(loader)
    next(iterator)
    (worker,) = iterator._workers
    iterator.ring = iterator
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda problem: told.append(problem.exc_value))
    del iterator
    gc.collect()
    assert told == []
    assert not worker.is_alive()
