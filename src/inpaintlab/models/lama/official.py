"""The weights of LaMa's authors, github.com/advimman/lama (Apache-2.0), taken over exactly, and given back."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.lama.discriminator import Discriminator
from inpaintlab.models.lama.ffc import FFCLayer
from inpaintlab.models.lama.network import Generator

GENERATOR = ("model.generator.", "generator.", "")
"""What stands before ``model.1.ffc...`` in ``big-lama.pt`` (TorchScript), in ``best.ckpt``, in a bare state dict."""
DISCRIMINATOR = "discriminator."
FIRST = "model.1.ffc.convl2l.weight"
RELEASED = {18: "Big LaMa, model=lama", 9: "LaMa-Fourier, model=lama_fourier"}
"""Blocks of the released networks."""


class Counterpart(NamedTuple):
    """One of their tensors: its name, and ours, of the same shape."""

    name: str
    ours: Tensor


def arguments(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``LaMa`` that released weights fit; ``UserError`` if they are another network's.

    ``contents``: as of ``load``.
    """
    state = _bare(contents)
    prefix = _prefix(state)
    first = _shape(state, prefix + FIRST)
    downs = 1
    while f"{prefix}model.{downs + 2}.ffc.convl2l.weight" in state:
        downs += 1
    last = f"{prefix}model.{downs + 1}.ffc."
    near, far = _shape(state, f"{last}convl2l.weight")[0], _shape(state, f"{last}convl2g.weight")[0]
    sizes = {
        "channels": first[1] - 1,
        "width": first[0],
        "downs": downs,
        "blocks": _count_blocks(state, prefix),
        "global_share": far / (near + far),
    }
    if (scores := sum(re.fullmatch(r"discriminator\.model\d+\.0\.weight", name) is not None for name in state)) > 2:
        sizes |= {"d_width": _shape(state, f"{DISCRIMINATOR}model0.0.weight")[0], "d_layers": scores - 2}
    return sizes


def _bare(contents: Mapping[str, Any]) -> Mapping[str, Any]:
    """Unpack ``best.ckpt``; ``big-lama.pt`` and a bare state dict are flat."""
    inner = contents.get("state_dict")
    return inner if isinstance(inner, Mapping) else contents


def _prefix(state: Mapping[str, Any]) -> str:
    for prefix in GENERATOR:
        if prefix + FIRST in state:
            return prefix
    raise UserError(
        f"official weights: no generator of LaMa among them: expected an entry {GENERATOR[1]}{FIRST}, the first of "
        f"{len(state)} is {next(iter(state), 'nothing')}"
    )


def _shape(state: Mapping[str, Any], name: str) -> tuple[int, ...]:
    entry = state.get(name)
    if not isinstance(entry, Tensor) or entry.ndim != 4:
        raise UserError(f"official weights: LaMa's entry {name} is missing, or is no weight of a convolution")
    return tuple(entry.shape)


@torch.no_grad()
def load(generator: Generator, discriminator: Discriminator, contents: Mapping[str, Any]) -> list[str]:
    """Copy released weights; nothing is copied if one is missing or has another shape.

    Args:
        generator: with the blocks and the width of the weights, and ``convolution=fourier``.
        discriminator: filled if its weights are there, as in a checkpoint of their training.
        contents: of ``best.ckpt``, of ``big-lama.pt``, or a bare state dict: by the authors' names, with any of the
            prefixes ``GENERATOR``.

    Returns:
        The names of the entries without a counterpart, such as the networks of their metrics.
    """
    state_dict = _bare(contents)
    prefix = _prefix(state_dict)
    parts = [Counterpart(prefix + name, ours) for name, ours in generator_parts(generator)]
    if any(name.startswith(DISCRIMINATOR) for name in state_dict):
        parts += [Counterpart(DISCRIMINATOR + name, ours) for name, ours in discriminator_parts(discriminator)]
    _check_blocks(generator, state_dict, prefix)
    missing = [name for name, _ in parts if name not in state_dict]
    if missing:
        raise UserError(f"official weights: {len(missing)} of {len(parts)} entries are missing, the first {missing[0]}")
    for name, ours in parts:
        if state_dict[name].shape != ours.shape:
            raise UserError(
                f"official weights: {name} has the shape {tuple(state_dict[name].shape)}, this network expects "
                f"{tuple(ours.shape)}; see model.width, model.global_share, model.channels and model.d_width"
            )
    for name, ours in parts:
        ours.copy_(state_dict[name])
    return sorted(set(state_dict) - {name for name, _ in parts})


def to_official(generator: Generator, discriminator: Discriminator) -> dict[str, Tensor]:
    """Return both networks' weights by the names of ``best.ckpt``, for tools that read those."""
    parts = [Counterpart(GENERATOR[1] + name, ours) for name, ours in generator_parts(generator)]
    parts += [Counterpart(DISCRIMINATOR + name, ours) for name, ours in discriminator_parts(discriminator)]
    return {name: ours.detach() for name, ours in parts}


def generator_parts(network: Generator) -> Iterator[Counterpart]:
    """Walk through the generator; theirs is one sequence, in which paddings and activations have numbers too."""
    number = 1
    for layer in network.encoder:
        if not isinstance(layer, FFCLayer):
            raise UserError("official weights: this network has convolution=regular; expected convolution=fourier")
        yield from _layer(f"model.{number}", layer)
        number += 1
    for block in network.body:
        yield from _layer(f"model.{number}.conv1", block.first)
        yield from _layer(f"model.{number}.conv2", block.second)
        number += 1
    number += 1  # their concatenation
    for convolution, norm, _ in network.decoder:
        yield from _same(f"model.{number}", convolution)
        yield from _same(f"model.{number + 1}", norm)
        number += 3
    yield from _same(f"model.{number + 1}", network.paint)  # behind a padding


def discriminator_parts(network: Discriminator) -> Iterator[Counterpart]:
    """Walk through the discriminator."""
    for number, layer in enumerate(network.layers):
        yield from _same(f"model{number}.0", layer[0])
        if number:
            yield from _same(f"model{number}.1", layer[1])
    yield from _same(f"model{len(network.layers)}.0", network.score)


def _layer(name: str, layer: FFCLayer) -> Iterator[Counterpart]:
    ours = {
        "ffc.convl2l": layer.near_to_near,
        "ffc.convl2g": layer.near_to_far,
        "ffc.convg2l": layer.far_to_near,
        "bn_l": layer.norm_near,
        "bn_g": layer.norm_far,
    }
    if layer.far_to_far is not None:
        ours |= {
            "ffc.convg2g.conv1.0": layer.far_to_far.reduce,
            "ffc.convg2g.conv1.1": layer.far_to_far.norm,
            "ffc.convg2g.fu.conv_layer": layer.far_to_far.fourier.conv,
            "ffc.convg2g.fu.bn": layer.far_to_far.fourier.norm,
            "ffc.convg2g.conv2": layer.far_to_far.expand,
        }
    for key, module in ours.items():
        if module is not None:
            yield from _same(f"{name}.{key}", module)


def _same(name: str, module: nn.Module) -> Iterator[Counterpart]:
    for key, ours in module.state_dict(keep_vars=True).items():
        yield Counterpart(f"{name}.{key}", ours)


def _check_blocks(network: Generator, state_dict: Mapping[str, Tensor], prefix: str) -> None:
    """Tell a network of another depth by its name."""
    blocks = _count_blocks(state_dict, prefix)
    if blocks != len(network.body):
        called = f" ({RELEASED[blocks]})" if blocks in RELEASED else ""
        raise UserError(
            f"official weights: they are of a network of {blocks} blocks{called}, this one has {len(network.body)}: "
            f"give model.blocks={blocks}"
        )


def _count_blocks(state: Mapping[str, Any], prefix: str) -> int:
    tail = ".conv1.ffc.convg2g.fu.conv_layer.weight"
    return sum(name.startswith(prefix) and name.endswith(tail) for name in state)
