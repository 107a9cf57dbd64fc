"""Weights that others have released, taken over exactly: all of a network's tensors, or none.

A paper's ``official.py`` says under which name each of its tensors goes in a released file; here they are copied.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError


class Counterpart(NamedTuple):
    """Where one of their tensors belongs: a view of one of ours, in the order of theirs, and their shape."""

    name: str
    ours: Tensor
    shape: tuple[int, ...]


def same(name: str, module: nn.Module) -> Iterator[Counterpart]:
    """Walk through a layer that is laid out as theirs: weight, bias, running statistics."""
    for key, ours in module.state_dict(keep_vars=True).items():
        yield Counterpart(f"{name}.{key}", ours, tuple(ours.shape))


@torch.no_grad()
def take_over(counterparts: Iterable[Counterpart], state: Mapping[str, Any], expected: str) -> list[str]:
    """Copy ``state`` into our tensors; nothing is copied if one is missing or has another shape.

    Args:
        counterparts: of every tensor that must be there.
        state: their tensors by their names.
        expected: which network the weights are for; ends the message of the ``UserError``.

    Returns:
        The names of the entries without a counterpart.
    """
    parts = list(counterparts)
    missing = [part.name for part in parts if part.name not in state]
    if missing:
        raise UserError(
            f"official weights: {len(missing)} of {len(parts)} entries are missing, the first {missing[0]}; {expected}"
        )
    for name, _, shape in parts:
        if tuple(state[name].shape) != shape:
            raise UserError(
                f"official weights: {name} should have the shape {shape}, got {tuple(state[name].shape)}; {expected}"
            )
    for name, ours, _ in parts:
        ours.copy_(state[name].reshape(ours.shape))
    return sorted(set(state) - {part.name for part in parts})


def with_counters(state: Mapping[str, Any]) -> dict[str, Any]:
    """Add BatchNorm's counts of batches, which files older than PyTorch 0.4.1 and those of Torch7 lack: 0."""
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    return {f"{name}num_batches_tracked": torch.tensor(0) for name in norms} | dict(state)
