"""Released weights, taken over exactly: the authors' completion network, and both networks of two ports."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7
from inpaintlab.models.glcic.network import CompletionNetwork, ConvBlock, Discriminator, Tower
from inpaintlab.models.official import Counterpart, same, take_over, with_counters

log = logging.getLogger(__name__)


class Family(NamedTuple):
    """One layout of files."""

    name: str
    licence: str
    marks: tuple[str, ...]
    """Names of entries by which it is recognised, without a prefix."""
    switches: Mapping[str, str]
    """What the completion network has to be built with."""
    generator: Callable[[CompletionNetwork], Iterator[Counterpart]]
    discriminator: Callable[[Discriminator], Iterator[Counterpart]] | None


PREFIXES = ("module.", "model.")
"""What savers put before every name."""


def load(generator: CompletionNetwork, discriminator: Discriminator, weights: Any) -> list[str]:
    """Copy released weights into the networks, either of which the file may lack; all of a network or nothing.

    The licence of the weights is logged as a warning: it stays with them.

    Args:
        generator: built with the switches of the weights' family; else the ``UserError`` names family and switches.
        discriminator: of the sizes of the weights, if they hold one.
        weights: what ``torch7.read`` returns of the authors' ``.t7`` file, or a ``state_dict``: their network as
            converted by several ports, numbered from 0; otenim/GLCIC-PyTorch's ``model_cn`` or ``model_cd``; mmagic's.

    Returns:
        The names of the entries without a counterpart.
    """
    state = with_counters(_bare(weights))
    family = family_of(state)
    wanted = " ".join(f"model.{name}={value}" for name, value in family.switches.items())
    if any(getattr(generator, name) != value for name, value in family.switches.items()):
        raise UserError(f"official weights: laid out as those of {family.name}, which want {wanted}")
    expected = f"the layout is that of {family.name}, which wants {wanted}, and the width and sizes of the weights"
    state = {**_absent_biases(generator, discriminator, family, state), **state}
    parts = list(family.generator(generator)) if family.marks[0] in state else []
    if family.discriminator is not None and family.marks[-1] in state:
        parts += family.discriminator(discriminator)
    unused = take_over(parts, _in_our_order(state, discriminator), expected)
    if "mean" in state:
        with torch.no_grad():
            generator.mean.copy_(state["mean"].reshape(generator.mean.shape))
    log.warning("official weights of %s: %s", family.name, family.licence)
    return [name for name in unused if name != "mean"]


def arguments(weights: Any) -> dict[str, Any]:
    """Return the arguments of ``GLCIC`` that a released completion network fits; ``UserError`` if it is none."""
    state = _bare(weights)
    family = family_of(state)
    first = state.get(family.marks[0])
    if not isinstance(first, Tensor) or first.ndim != 4:
        raise UserError(f"official weights of {family.name}: no completion network among them ({family.marks[0]})")
    return {**family.switches, "width": len(first), "channels": first.shape[1] - 1}


def family_of(state: Mapping[str, Any]) -> Family:
    """Recognise the layout by its names; ``UserError`` if it is none of GLCIC's."""
    for family in FAMILIES:
        if any(mark in state for mark in family.marks):
            return family
    names = ", ".join(family.name for family in FAMILIES)
    raise UserError(
        f"official weights: none of the layouts of GLCIC ({names}); the first entries are {', '.join([*state][:3])}"
    )


def _bare(weights: Any) -> dict[str, Any]:
    """Flatten a Torch7 network, unpack a checkpoint, and strip prefixes."""
    if isinstance(weights, torch7.Object) or isinstance(weights.get("model"), torch7.Object):
        weights = torch7.named_tensors(weights)
    for key in ("state_dict", "model"):
        if isinstance(weights.get(key), Mapping):
            weights = weights[key]
    state = {}
    for name, value in weights.items():
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        state[name] = value
    return state


def _numbered(network: CompletionNetwork) -> Iterator[Counterpart]:
    """The authors': convolution, BatchNorm and ReLU take three numbers."""
    for number, block in enumerate(network.blocks):
        yield from same(f"{3 * number}", block.conv)
        yield from same(f"{3 * number + 1}", block.norm)
    yield from same(f"{3 * len(network.blocks)}", network.paint)


def _otenim_generator(network: CompletionNetwork) -> Iterator[Counterpart]:
    for number, block in enumerate(network.blocks, start=1):
        kind = "deconv" if isinstance(block.conv, torch.nn.ConvTranspose2d) else "conv"
        yield from same(f"{kind}{number}", block.conv)
        yield from same(f"bn{number}", block.norm)
    yield from same(f"conv{len(network.blocks) + 1}", network.paint)


def _otenim_discriminator(network: Discriminator) -> Iterator[Counterpart]:
    for view, tower in network.towers.items():
        name = f"model_{view[0]}d"
        blocks = _blocks(tower)
        for number, block in enumerate(blocks, start=1):
            yield from same(f"{name}.conv{number}", block.conv)
            yield from same(f"{name}.bn{number}", block.norm)
        yield from same(f"{name}.linear{len(blocks) + 1}", tower[-2])
    yield from same("linear1", network.head)


def _mmagic_generator(network: CompletionNetwork) -> Iterator[Counterpart]:
    names = [f"encoder.enc{n}" for n in range(1, 7)] + [f"dilation_neck.dilation_convs.{n}" for n in range(4)]
    names += [f"decoder.dec{n}" for n in range(1, 7)]
    for name, block in zip(names, network.blocks, strict=True):
        yield from same(f"generator.{name}.conv", block.conv)
        yield from same(f"generator.{name}.bn", block.norm)
    yield from same("generator.decoder.dec7.conv", network.paint)


def _mmagic_discriminator(network: Discriminator) -> Iterator[Counterpart]:
    for view, tower in network.towers.items():
        for number, block in enumerate(_blocks(tower), start=1):
            yield from same(f"disc.{view}_disc.conv{number}.conv", block.conv)
            yield from same(f"disc.{view}_disc.conv{number}.bn", block.norm)
        yield from same(f"disc.{view}_disc.fc.linear", tower[-2])
    yield from same("disc.fc", network.head)


def _blocks(tower: Tower) -> list[ConvBlock]:
    return [layer for layer in tower if isinstance(layer, ConvBlock)]


def _in_our_order(state: Mapping[str, Any], discriminator: Discriminator) -> dict[str, Any]:
    """Put the local half of mmagic's joint score first; there the global one is."""
    head = state.get("disc.fc.weight")
    if not isinstance(head, Tensor) or head.shape != discriminator.head.weight.shape:
        return dict(state)
    return {**state, "disc.fc.weight": head.roll(head.shape[1] // 2, 1)}


def _absent_biases(
    generator: CompletionNetwork, discriminator: Discriminator, family: Family, state: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Return zeros for the biases that mmagic's convolutions do without, BatchNorm having its own."""
    if family is not MMAGIC:
        return {}
    parts = [*_mmagic_generator(generator), *_mmagic_discriminator(discriminator)]
    return {
        part.name: torch.zeros(part.shape)
        for part in parts
        if part.name.endswith(".conv.bias") and part.name.removesuffix(".conv.bias") + ".bn.bias" in state
    }


AUTHORS = Family(
    "satoshiiizuka/siggraph2017_inpainting",
    "CC BY-NC-SA 4.0, no commercial use, also of what is derived from them",
    ("0.weight",),
    {"norm_order": "bn_act", "input_norm": "sub_mean", "out_act": "sigmoid"},
    _numbered,
    None,
)
OTENIM = Family(
    "otenim/GLCIC-PyTorch",
    "MIT; set model.mean to the mpv of their config.json",
    ("conv1.weight", "linear1.weight"),
    {"norm_order": "act_bn", "input_norm": "fill_mean", "out_act": "sigmoid"},
    _otenim_generator,
    _otenim_discriminator,
)
MMAGIC = Family(
    "open-mmlab/mmagic",
    "Apache-2.0",
    ("generator.encoder.enc1.conv.weight", "disc.fc.weight"),
    {"norm_order": "bn_act", "input_norm": "symmetric", "out_act": "clamp"},
    _mmagic_generator,
    _mmagic_discriminator,
)
FAMILIES = (AUTHORS, OTENIM, MMAGIC)
