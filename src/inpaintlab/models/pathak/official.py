"""The authors' released generators, github.com/pathak22/context-encoder, taken over exactly."""

import logging
from collections.abc import Iterator
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7
from inpaintlab.models.official import Counterpart, same, take_over, with_counters
from inpaintlab.models.pathak.network import Generator

log = logging.getLogger(__name__)

LICENCE = "UC Berkeley's, for educational, research and not-for-profit purposes, also of what is derived from them"
EXPECTED = (
    "the layout is that of pathak22/context-encoder, inpaintCenter, which wants model.region=center model.size=128 "
    "model.bottleneck=4000 model.noise=0 model.join=conv and the width 64"
)


def load(generator: Generator, weights: Any) -> list[str]:
    """Copy the released weights into ``generator``; nothing is copied if one is missing or has another shape.

    The licence of the weights is logged as a warning: it stays with them.

    Args:
        generator: see ``EXPECTED``; a generator for random regions takes those of one.
        weights: what ``torch7.read`` returns of a ``.t7`` file, or a ``state_dict`` with the same numbers: the encoder
            is layer 0, ``0.0.weight``, the decoder's layers follow it, ``1.weight``.

    Returns:
        The names of the entries without a counterpart.
    """
    if isinstance(weights, torch7.Object):
        weights = torch7.named_tensors(weights)
    if "0.0.weight" not in weights:
        names = ", ".join([*weights][:3])
        raise UserError(f"official weights: no 0.0.weight, the first entries are {names}; {EXPECTED}")
    if generator.prepare is not None:
        raise UserError(f"official weights: this network has model.noise; {EXPECTED}")
    unused = take_over(counterparts(generator), with_counters(weights), EXPECTED)
    log.warning("official weights of pathak22/context-encoder: %s", LICENCE)
    return unused


def counterparts(generator: Generator) -> Iterator[Counterpart]:
    """Walk through the network in the order of theirs."""
    for number, layer in enumerate(generator.encoder):
        yield from same(f"0.{number}", layer)
    for number, layer in enumerate(generator.decoder, start=1):
        yield from same(f"{number}", layer)
