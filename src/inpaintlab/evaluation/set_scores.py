"""Compare the pictures of a cell as a set with the true ones: FID, KID, Inception Score, P-IDS and U-IDS.

Everything is read from arrays on disk, so that the number of pictures costs no memory here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inpaintlab.evaluation.cells import list_pools
from inpaintlab.evaluation.deep_features import Look, Use, real_of
from inpaintlab.evaluation.job import Job
from inpaintlab.evaluation.journal import Journal

Row = dict[str, Any]
Arrays = dict[str, np.ndarray]
"""{"features": (N, D), "logits": (N, K) where the network has them}, float32, mapped from files."""


def list_distributions(job: Job, journal: Journal) -> list[Row]:
    """Return [{bucket, border, protocol, output, measure, value, n, network, weights_sha256, note}], pool by pool."""
    found: list[tuple[int, int, Row]] = []
    for name in job.features.networks:
        real = gather(job, journal.folder, real_of(name), [0])
        for look in (one for one in job.features.looks if one.network == name and one.output != "real"):
            fake = gather(job, journal.folder, look, range(len(job.cells)))
            for order, (where, cells) in enumerate(list_pools(job.cells)):
                truth = real if len(cells) == 1 else repeat(real, len(cells), journal.folder)
                for rank, use in enumerate(job.features.uses):
                    if use.look == look:
                        found += [(order, rank, {**where, **row}) for row in compare(job, use, truth, fake, cells)]
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])]


def compare(job: Job, use: Use, real: Arrays, fake: Arrays, cells: Sequence[int]) -> list[Row]:
    """Return the rows of one pool, one protocol and one output; ``cells`` follow each other."""
    from inpaintlab.metrics.distributions import examine

    count = len(job.indices)
    part = slice(cells[0] * count, (cells[-1] + 1) * count)
    features, logits = fake["features"][part], fake["logits"][part] if "logits" in fake else None
    values = examine(use.measures, real["features"], features, logits, job.cfg.seed)
    network = job.features.networks[use.look.network]
    told = {"network": network.label, "weights_sha256": network.sha256}
    head = {"protocol": use.protocol, "output": use.look.output}
    return [
        {**head, "measure": name, "value": found.value, "n": found.n, **told, "note": found.note or None}
        for name, found in values.items()
    ]


def warn(rows: list[Row]) -> None:
    """Print the one line about small numbers of pictures."""
    from inpaintlab.metrics.distributions import FEW

    few = [row for row in rows if row["n"] < FEW]
    if few:
        names = ", ".join(dict.fromkeys(row["measure"] for row in few))
        least = min(row["n"] for row in few)
        print(
            f"warning: {names}: of only {least} pictures; under {FEW:,} they say as much about the number of pictures "
            "as about the model, so compare them at the same N alone",
            flush=True,
        )


def gather(job: Job, folder: Path, look: Look, cells: Sequence[int]) -> Arrays:
    """Lay the features of all batches one after the other, cell by cell and in the order of the pictures."""
    total, arrays, place = len(cells) * len(job.indices), {}, 0
    for cell in cells:
        for batch in range(job.batches):
            with np.load(job.features.path(folder, look, (cell, batch))) as piece:
                for name in piece.files:
                    values = piece[name]
                    if name not in arrays:
                        path = folder / f"{job.features.looks.index(look)}-{name}.npy"
                        arrays[name] = mapped(path, (total, values.shape[1]))
                    arrays[name][place : place + len(values)] = values
            place += len(job.positions(batch))
    return arrays


def repeat(real: Arrays, times: int, folder: Path) -> Arrays:
    """Lay the true pictures' features ``times`` times one after the other, beside the predictions of so many cells."""
    features = real["features"]
    repeated = mapped(folder / "repeated.npy", (times * len(features), features.shape[1]))
    for time in range(times):
        repeated[time * len(features) : (time + 1) * len(features)] = features
    return {"features": repeated}


def mapped(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Make an array of float32 in a file."""
    return np.lib.format.open_memmap(path, "w+", np.float32, shape)
