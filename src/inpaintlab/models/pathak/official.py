"""The authors' released generators, github.com/pathak22/context-encoder, taken over exactly."""

import logging
import re
from collections.abc import Iterator
from typing import Any

from torch import Tensor

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


def arguments(weights: Any) -> dict[str, Any]:
    """Return the arguments of the module that a released generator fits; ``UserError`` if it is none."""
    state = torch7.named_tensors(weights) if isinstance(weights, torch7.Object) else weights
    encoder = {name: value for name, value in state.items() if re.fullmatch(r"0\.\d+\.weight", str(name))}
    first = encoder.get("0.0.weight")
    if not isinstance(first, Tensor) or first.ndim != 4:
        raise UserError(f"official weights: no 0.0.weight, the first entries are {', '.join([*state][:3])}; {EXPECTED}")
    last = encoder[max(encoder, key=lambda name: int(name.split(".")[1]))]
    return {"width": len(first), "channels": first.shape[1], "bottleneck": len(last)}


def counterparts(generator: Generator) -> Iterator[Counterpart]:
    """Walk through the network in the order of theirs."""
    for number, layer in enumerate(generator.encoder):
        yield from same(f"0.{number}", layer)
    for number, layer in enumerate(generator.decoder, start=1):
        yield from same(f"{number}", layer)
