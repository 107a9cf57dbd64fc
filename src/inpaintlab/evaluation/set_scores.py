"""Compare the pictures of a cell as a set with the true ones: FID, KID, Inception Score, P-IDS and U-IDS.

Everything is read from arrays on disk, so that the number of pictures costs no memory here.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inpaintlab.evaluation.deep_features import Look, Use, real_of
from inpaintlab.evaluation.holes import list_pools
from inpaintlab.evaluation.journal import Journal
from inpaintlab.evaluation.setup import Setup
from inpaintlab.records.cells import Cell
from inpaintlab.records.rows import SetScore

Arrays = dict[str, np.ndarray]
"""{"features": (N, D), "logits": (N, K) where the network has them}, float32, mapped from files."""
IN_TURN = "every picture once, the buckets in turn"
"""Told beside the scores of all buckets together."""
CHUNK = 4096
"""Rows copied at once."""


def list_set_scores(setup: Setup, journal: Journal) -> list[SetScore]:
    """Return every measure of every pool, pool by pool."""
    scores: list[tuple[int, int, SetScore]] = []
    folder = journal.folder
    for name in setup.features.networks:
        real = gather(setup, folder, real_of(name), range(len(setup.cells)) if setup.once else [0])
        for look in (one for one in setup.features.looks if one.network == name and one.output != "real"):
            fake = gather(setup, folder, look, range(len(setup.cells)))
            for order, (cell, parts) in enumerate(list_pools(setup.cells)):
                fills = places_of(setup, parts)
                truths = fills if setup.once else np.arange(len(fills))
                pool = take(real, truths, folder / "truths"), take(fake, fills, folder / "fills")
                note = IN_TURN if len(parts) > 1 and not setup.once else None
                for rank, use in enumerate(setup.features.uses):
                    if use.look == look:
                        scores += [(order, rank, score) for score in compare(setup, use, *pool, cell, note)]
    return [score for _, _, score in sorted(scores, key=lambda entry: entry[:2])]


def places_of(setup: Setup, parts: Sequence[int]) -> np.ndarray:
    """Return the rows of a pool among the predictions of all cells, as many as there are different truths.

    Where every picture was judged in every bucket, all buckets together have it once: the first picture as the first
    bucket has it, the second as the second, and so on. A truth that counts several times would make FID's N too large.
    """
    starts = np.cumsum([0, *map(len, setup.own)])
    if len(parts) == 1 or setup.once:
        return np.concatenate([np.arange(starts[cell], starts[cell + 1]) for cell in parts])
    places = np.arange(len(setup.indices))
    return starts[np.asarray(parts)[places % len(parts)]] + places


def take(arrays: Arrays, rows: np.ndarray, path: Path) -> Arrays:
    """Return these rows of each array: a view where they follow each other, else a copy in a file beside ``path``."""
    if (np.diff(rows) == 1).all():
        return {name: values[rows[0] : rows[-1] + 1] for name, values in arrays.items()}
    taken = {}
    for name, values in arrays.items():
        taken[name] = mapped(path.with_name(f"{path.name}-{name}.npy"), (len(rows), values.shape[1]))
        for begin in range(0, len(rows), CHUNK):
            taken[name][begin : begin + CHUNK] = values[rows[begin : begin + CHUNK]]
    return taken


def compare(setup: Setup, use: Use, real: Arrays, fake: Arrays, cell: Cell, note: str | None) -> list[SetScore]:
    """Return the scores of one pool, one protocol and one output; ``note`` is told beside each."""
    from inpaintlab.metrics.distributions import examine

    values = examine(use.measures, real["features"], fake["features"], fake.get("logits"), setup.cfg.seed)
    network = setup.features.networks[use.look.network]
    return [
        SetScore(
            cell=cell,
            protocol=use.protocol,
            output=use.look.output,
            measure=name,
            value=answer.value,
            n=answer.n,
            network=network.label,
            weights_sha256=network.sha256,
            note="; ".join(filter(None, [answer.note, note])) or None,
        )
        for name, answer in values.items()
    ]


def warn(scores: list[SetScore]) -> None:
    """Print the one line about small numbers of pictures."""
    from inpaintlab.metrics.distributions import FEW

    few = [score for score in scores if score.n < FEW]
    if few:
        names = ", ".join(dict.fromkeys(score.measure for score in few))
        least = min(score.n for score in few)
        print(
            f"warning: {names}: of only {least} pictures; under {FEW:,} they say as much about the number of pictures "
            "as about the model, so compare them at the same N alone",
            flush=True,
        )


def gather(setup: Setup, folder: Path, look: Look, cells: Sequence[int]) -> Arrays:
    """Lay the features of all batches one after the other, cell by cell and in the order of the pictures."""
    total, arrays, place = sum(len(setup.own[cell]) for cell in cells), {}, 0
    for cell in cells:
        for batch in range(setup.batches(cell)):
            with np.load(setup.features.path(folder, look, (cell, batch))) as piece:
                for name in piece.files:
                    values = piece[name]
                    if name not in arrays:
                        path = folder / f"{setup.features.looks.index(look)}-{name}.npy"
                        arrays[name] = mapped(path, (total, values.shape[1]))
                    arrays[name][place : place + len(values)] = values
            place += len(setup.positions(cell, batch))
    return arrays


def mapped(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Make an array of float32 in a file."""
    return np.lib.format.open_memmap(path, "w+", np.float32, shape)
