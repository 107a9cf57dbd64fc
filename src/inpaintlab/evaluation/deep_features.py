"""What feature networks say of the pictures, kept on disk until the distributions are compared.

Of each network the true pictures are looked at once, not once per cell, and each prediction once per kind of output,
however many measures and protocols ask. A batch's features are a file of their own below the journal.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from inpaintlab.basics.files import write_file
from inpaintlab.batch import Batch, composite
from inpaintlab.evaluation.journal import BatchKey
from inpaintlab.metrics.pair import ROUNDINGS
from inpaintlab.records.measures import words_of

if TYPE_CHECKING:
    from inpaintlab.metrics.feature_networks import FeatureNetwork
    from inpaintlab.metrics.protocol import Protocol


class Look(NamedTuple):
    """What a network is shown: the predictions in one output and rounding, or the true pictures."""

    network: str
    output: str
    """completed | prediction | real."""
    rounding: str
    """How the protocol makes 8 bits of a prediction; a file holds the truth."""


class Use(NamedTuple):
    """The measures of one protocol and output that come from one network."""

    protocol: str
    look: Look
    measures: tuple[str, ...]


class DeepFeatures:
    """The feature networks that the asked measures need."""

    def __init__(self, cfg: DictConfig, protocols: "Mapping[str, Protocol]", device: torch.device) -> None:
        """Load every network once; weights that are not there raise ``UserError``."""
        self.networks: dict[str, FeatureNetwork] = {}
        self.uses: list[Use] = []
        for name, protocol in protocols.items():
            wanted: dict[str, tuple[str, ...]] = {}
            for measure in (
                word for word in words_of("set") if word in cfg.measures and word in protocol.distributions
            ):
                key = self.load(cfg.protocols[name].distributions[measure], cfg.weights, device)
                wanted[key] = (*wanted.get(key, ()), measure)
            rounding = protocol.rounding if protocol.rounding != "none" else "nearest"  # networks take 8 bits
            for output in protocol.outputs:
                self.uses += [Use(name, Look(key, output, rounding), names) for key, names in wanted.items()]
        self.looks = list(dict.fromkeys(use.look for use in self.uses))
        self.looks += [real_of(network) for network in self.networks]

    def load(self, settings: DictConfig, weights: Mapping[str, str | None], device: torch.device) -> str:
        """Load the network of these settings unless it is there already; return its key."""
        from inpaintlab.metrics.feature_networks import load_network

        words: dict[str, Any] = OmegaConf.to_container(settings, resolve=True)  # type: ignore[assignment]
        key = json.dumps(words, sort_keys=True)
        if key not in self.networks:
            network = words.pop("network")
            file = weights.get(network) if isinstance(network, str) else None
            self.networks[key] = load_network(network, file, **words).to(device)
        return key

    def write(self, folder: Path, key: BatchKey, prediction: Tensor, batch: Batch, once: bool) -> None:
        """Write the features of one batch, before its line in the journal; ``once``: other pictures in each cell."""
        pictures = {"prediction": prediction, "completed": composite(prediction, batch), "real": batch.image}
        for look in self.looks:
            if look.output != "real" or key[0] == 0 or once:
                shown = ROUNDINGS[look.rounding](pictures[look.output])
                save(self.path(folder, look, key), self.networks[look.network], shown)

    def path(self, folder: Path, look: Look, key: BatchKey) -> Path:
        """Return where the features of one batch lie."""
        return folder / "features" / str(self.looks.index(look)) / f"{key[0]:03}-{key[1]:07}.npz"


def real_of(network: str) -> Look:
    """Return how a network is shown the true pictures."""
    return Look(network, "real", "nearest")


def save(path: Path, network: "FeatureNetwork", pictures: Tensor) -> None:
    """Show the network pictures (B, C, H, W), whole numbers from 0 to 255, and write what it says, float32."""
    with torch.no_grad():
        answer = network(pictures.byte().expand(-1, 3, -1, -1))
    arrays = {name: value.float().cpu().numpy() for name, value in answer.items()}

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:  # given a name, NumPy would add a suffix
            np.savez(file, **arrays)

    write_file(path, write)
