"""The one pass: each picture of each cell is predicted once and shown to every protocol.

Batch k of a cell is the pictures [k * B, (k + 1) * B), whoever works on it: the processes take turns, so that no
picture is counted twice and every number is the same with one process as with many.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.provenance import peak_memory_mb
from inpaintlab.basics.seeds import seed_of
from inpaintlab.batch import Batch
from inpaintlab.evaluation.journal import BatchKey, Journal, Line
from inpaintlab.evaluation.saved import save_pictures
from inpaintlab.evaluation.setup import Setup
from inpaintlab.models.padding import inpaint_any_size


class Work:
    """The batches that this process still has to do; iterated over, the (cell, index) keys of each."""

    def __init__(self, setup: Setup, done: set[BatchKey]) -> None:
        everything = [(cell, batch) for cell in range(len(setup.cells)) for batch in range(setup.batches(cell))]
        own = everything[setup.group.rank :: setup.group.size]
        self.setup, self.total, self.keys = setup, len(own), [key for key in own if key not in done]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for cell, batch in self.keys:
            yield [(cell, self.setup.own[cell][position]) for position in self.setup.positions(cell, batch)]


def judge_batches(setup: Setup, journal: Journal) -> None:
    """Do what is left of this process's share, batch by batch."""
    work = Work(setup, set(journal.places()))
    if not len(work):
        return
    setup.model.prepare(setup.data)
    workers = setup.data.workers() if setup.data.num_workers is not None else setup.data.workers() // setup.group.size
    loader = DataLoader(setup.pictures, batch_sampler=work, num_workers=workers, pin_memory=setup.device.type == "cuda")
    progress = tqdm(
        loader,
        desc="judging",
        unit="batch",
        initial=work.total - len(work),
        total=work.total,
        mininterval=0.1 if sys.stderr.isatty() else 30,
        disable=setup.group.rank > 0,
    )
    for key, batch in zip(work.keys, progress, strict=True):
        journal.add(setup.group.rank, judge_batch(setup, key, batch, journal))
    setup.data.teardown("test")


def judge_batch(setup: Setup, key: BatchKey, batch: Batch, journal: Journal) -> Line:
    """Predict and score one batch, write its pictures and features, and return its line of the journal.

    ``pictures`` is [[index, name, hole_ratio], ...], ``scores`` {protocol: {output: {region: {measure: [...]}}}}.
    """
    cell, number = key
    batch = Batch(*(part.to(setup.device) for part in batch))
    begin = now(setup.device)
    indices = [setup.own[cell][position] for position in setup.positions(cell, number)]
    prediction = predict(setup, number, batch, indices)
    predicted = now(setup.device)
    scores = {name: score(protocol, prediction, batch, setup.scored) for name, protocol in setup.protocols.items()}
    scored = now(setup.device)
    setup.features.write(journal.folder, key, prediction, batch, setup.once)
    measured = now(setup.device)
    save_pictures(setup, key, prediction, batch)
    ratios = batch.hole.double().mean((1, 2, 3)).tolist()
    return {
        "cell": cell,
        "batch": number,
        "pictures": [[index, setup.name(index), ratio] for index, ratio in zip(indices, ratios, strict=True)],
        "scores": scores,
        "cost": {
            "predict": predicted - begin,
            "score": scored - predicted,
            "features": measured - scored,
            "memory": peak_memory_mb(setup.device),
        },
    }


def predict(setup: Setup, number: int, batch: Batch, indices: list[int]) -> Tensor:
    """Return the raw prediction, (B, C, H, W); what a model draws at random follows from (seed, batch)."""
    torch.manual_seed(seed_of([setup.cfg.seed, number]))
    with torch.no_grad():
        prediction = inpaint_any_size(setup.model, batch.corrupted, batch.known)
    if not prediction.isfinite().all():
        first = int((~prediction.isfinite()).flatten(1).any(1).nonzero()[0])
        name = setup.name(indices[first])
        raise UserError(f"{name}: the model's prediction is not finite; use another checkpoint")
    return prediction.float()


def score(protocol: Any, prediction: Tensor, batch: Batch, measures: list[str]) -> dict[str, Any]:
    """Return {output: {region: {measure: [a number for each picture]}}}."""
    scores: dict[str, Any] = {}
    with torch.no_grad():
        for (output, region), values in protocol.score(prediction, batch, measures).items():
            plain = {name: value.double().cpu().tolist() for name, value in values.items()}
            scores.setdefault(output, {})[region] = plain
    return scores


def now(device: torch.device) -> float:
    """Read the clock once the device has done all it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
