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
IN_TURN = "every picture once, the buckets in turn"
CHUNK = 4096
"""Rows copied at once."""


def list_distributions(job: Job, journal: Journal) -> list[Row]:
    """Return [{bucket, border, protocol, output, measure, value, n, network, weights_sha256, note}], pool by pool."""
    found: list[tuple[int, int, Row]] = []
    for name in job.features.networks:
        real = gather(job, journal.folder, real_of(name), range(len(job.cells)) if job.once else [0])
        for look in (one for one in job.features.looks if one.network == name and one.output != "real"):
            fake = gather(job, journal.folder, look, range(len(job.cells)))
            for order, (where, cells) in enumerate(list_pools(job.cells)):
                fills = places_of(job, cells)
                truths = fills if job.once else np.arange(len(fills))
                pool = [take(real, truths, journal.folder / "truths"), take(fake, fills, journal.folder / "fills")]
                for rank, use in enumerate(job.features.uses):
                    if use.look == look:
                        rows = compare(job, use, *pool, in_turn=len(cells) > 1 and not job.once)
                        found += [(order, rank, {**where, **row}) for row in rows]
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])]


def places_of(job: Job, cells: Sequence[int]) -> np.ndarray:
    """Return the rows of a pool among the predictions of all cells, as many as there are different truths.

    Where every picture was judged in every bucket, all buckets together have it once: the first picture as the first
    bucket has it, the second as the second, and so on. A truth that counts several times would narrow the truths'
    spread, and FID falls with the number of pictures.
    """
    starts = np.cumsum([0, *map(len, job.own)])
    if len(cells) == 1 or job.once:
        return np.concatenate([np.arange(starts[cell], starts[cell + 1]) for cell in cells])
    places = np.arange(len(job.indices))
    return starts[np.asarray(cells)[places % len(cells)]] + places


def take(arrays: Arrays, rows: np.ndarray, path: Path) -> Arrays:
    """Return these rows of each array: a view where they follow each other, else a copy in a file below ``path``."""
    if (np.diff(rows) == 1).all():
        return {name: values[rows[0] : rows[-1] + 1] for name, values in arrays.items()}
    taken = {}
    for name, values in arrays.items():
        taken[name] = mapped(path.with_name(f"{path.name}-{name}.npy"), (len(rows), values.shape[1]))
        for begin in range(0, len(rows), CHUNK):
            taken[name][begin : begin + CHUNK] = values[rows[begin : begin + CHUNK]]
    return taken


def compare(job: Job, use: Use, real: Arrays, fake: Arrays, *, in_turn: bool) -> list[Row]:
    """Return the rows of one pool, one protocol and one output."""
    from inpaintlab.metrics.distributions import examine

    values = examine(use.measures, real["features"], fake["features"], fake.get("logits"), job.cfg.seed)
    network = job.features.networks[use.look.network]
    told = {"network": network.label, "weights_sha256": network.sha256}
    head = {"protocol": use.protocol, "output": use.look.output}
    return [
        {
            **head,
            "measure": name,
            "value": found.value,
            "n": found.n,
            **told,
            "note": "; ".join(filter(None, [found.note, IN_TURN if in_turn else ""])) or None,
        }
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
    total, arrays, place = sum(len(job.own[cell]) for cell in cells), {}, 0
    for cell in cells:
        for batch in range(job.batches(cell)):
            with np.load(job.features.path(folder, look, (cell, batch))) as piece:
                for name in piece.files:
                    values = piece[name]
                    if name not in arrays:
                        path = folder / f"{job.features.looks.index(look)}-{name}.npy"
                        arrays[name] = mapped(path, (total, values.shape[1]))
                    arrays[name][place : place + len(values)] = values
            place += len(job.positions(cell, batch))
    return arrays


def mapped(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Make an array of float32 in a file."""
    return np.lib.format.open_memmap(path, "w+", np.float32, shape)
