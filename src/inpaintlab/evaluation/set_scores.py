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


def list_set_scores(setup: Setup, journal: Journal) -> list[SetScore]:
    """Return every measure of every pool, pool by pool."""
    scores: list[tuple[int, int, SetScore]] = []
    for name in setup.features.networks:
        real = gather(setup, journal.folder, real_of(name), [0])
        for look in (one for one in setup.features.looks if one.network == name and one.output != "real"):
            fake = gather(setup, journal.folder, look, range(len(setup.cells)))
            for order, (cell, parts) in enumerate(list_pools(setup.cells)):
                truth = real if len(parts) == 1 else repeat(real, len(parts), journal.folder)
                for rank, use in enumerate(setup.features.uses):
                    if use.look == look:
                        scores += [(order, rank, score) for score in compare(setup, use, truth, fake, cell, parts)]
    return [score for _, _, score in sorted(scores, key=lambda entry: entry[:2])]


def compare(setup: Setup, use: Use, real: Arrays, fake: Arrays, cell: Cell, parts: Sequence[int]) -> list[SetScore]:
    """Return the scores of one pool, one protocol and one output; ``parts`` follow each other."""
    from inpaintlab.metrics.distributions import examine

    count = len(setup.indices)
    part = slice(parts[0] * count, (parts[-1] + 1) * count)
    features, logits = fake["features"][part], fake["logits"][part] if "logits" in fake else None
    values = examine(use.measures, real["features"], features, logits, setup.cfg.seed)
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
            note=answer.note or None,
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
    total, arrays, place = len(cells) * len(setup.indices), {}, 0
    for cell in cells:
        for batch in range(setup.batches):
            with np.load(setup.features.path(folder, look, (cell, batch))) as piece:
                for name in piece.files:
                    values = piece[name]
                    if name not in arrays:
                        path = folder / f"{setup.features.looks.index(look)}-{name}.npy"
                        arrays[name] = mapped(path, (total, values.shape[1]))
                    arrays[name][place : place + len(values)] = values
            place += len(setup.positions(batch))
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
