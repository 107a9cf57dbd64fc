"""Weights of the authors' releases and of their ports, taken over exactly; the names tell which layout they have."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.deepfill import layouts

if TYPE_CHECKING:
    from inpaintlab.models.deepfill.module import DeepFill


class Counterpart(NamedTuple):
    """Where one of their entries belongs."""

    name: str
    ours: Tensor
    shape: tuple[int, ...]
    """Of theirs."""
    turn: Callable[[Tensor], Tensor]
    """Theirs in the order of ours."""


V1 = {
    "width": 32,
    "convolution": "plain",
    "refinement_sees_hole": True,
    "output": "clip",
    "critic": "wgan",
    "critic_steps": 5,
    "box": 128,
    "l1": 1.2,
    "discount": 0.9,
    "known_l1": 1.2,
    "coarse": 1.2,
    "adversarial": 1e-3,
    "beta2": 0.9,
    "iterations": 5_000_000,
}
"""Where ``conf/model/deepfill_v1.yaml`` differs from the constructor's values, which are v2's."""


def arguments(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``DeepFill`` that released weights fit; ``UserError`` if they are another network's.

    ``contents``: as of ``load``. A layout that several settings may have made gets the release's.
    """
    state = layouts.unpack(contents)
    layout = layouts.recognise(state)
    name = layout.name_of("conv1")
    shape = _shape(state[f"{name}/kernel"])[::-1] if layout.tensorflow else _shape(state[f"{name}.weight"])
    if len(shape) != 4:
        raise UserError(f"official weights, {layout.title}: {name} should be a convolution, got the shape {shape}")
    version = V1 if layout.version == "v1" else {}
    width = shape[0] if layout.version == "v1" else shape[0] // 2
    return {**version, **layout.settings, "width": width, "channels": shape[1] - 2}


@torch.no_grad()
def load(model: "DeepFill", state_dict: Mapping[str, Any]) -> list[str]:
    """Copy released weights into ``model``; nothing is copied if one is missing or has another shape.

    Args:
        model: of the same version, with the settings that the weights were made for, or ``UserError`` names them.
        state_dict: in one of the layouts of ``layouts.LAYOUTS``: {name: tensor or array}, bare or as the port saves it.
            TensorFlow's release as {variable: array}. Critics are taken if the file has them.

    Returns:
        The names of the entries without a counterpart: optimisers' moments, buffers of constants, critics of another
        kind.
    """
    state = layouts.unpack(state_dict)
    layout = layouts.recognise(state)
    _check(model, layout)
    counterparts = list(_of_the_generator(model, layout))
    critics = list(_of_the_critics(model, layout))
    if any(part.name in state for part in critics):
        counterparts += critics
    missing = [part.name for part in counterparts if part.name not in state]
    if missing:
        raise UserError(
            f"official weights, {layout.title}: {len(missing)} of {len(counterparts)} entries are missing, "
            f"the first {missing[0]}"
        )
    for part in counterparts:
        if (found := _shape(state[part.name])) != part.shape:
            raise UserError(
                f"official weights, {layout.title}: {part.name} should have the shape {part.shape}, got {found}; "
                f"they want model=deepfill_{layout.version} at its own widths and size"
            )
    theirs = {part.name: torch.as_tensor(state[part.name]) for part in counterparts}
    for part in counterparts:
        part.ours.copy_(part.turn(theirs[part.name]).reshape(part.ours.shape))
    singular = _take_singular_vectors(model, layout, state) if critics and critics[0].name in theirs else set()
    rank_zero_info(f"{layout.title}: {layout.licence}")
    return sorted(set(state) - set(theirs) - singular)


def _check(model: "DeepFill", layout: layouts.Layout) -> None:
    """Refuse a model of the other version, or one with other settings."""
    network = model.generator
    gated = network.convolution == "gated"
    if (layout.version == "v2") != gated or (layout.version == "v1") != network.refinement_sees_hole:
        raise UserError(
            f"official weights: these are {layout.title}; this model has convolution={network.convolution} and "
            f"refinement_sees_hole={str(network.refinement_sees_hole).lower()}; use model=deepfill_{layout.version}"
        )
    wrong = {name: value for name, value in layout.settings.items() if model.hparams[name] != value}
    if wrong:
        words = " ".join(f"model.{name}={str(value).lower()}" for name, value in wrong.items())
        raise UserError(f"official weights: {layout.title} were made for other settings; add {words}")


def _of_the_generator(model: "DeepFill", layout: layouts.Layout) -> Iterator[Counterpart]:
    for name, convolution in model.generator.convolutions().items():
        yield from _convolution(layout, layout.name_of(name), convolution.weight, convolution.bias)


def _of_the_critics(model: "DeepFill", layout: layouts.Layout) -> Iterator[Counterpart]:
    """Yield those that the layout can hold and the model has."""
    for player in model.players[1:]:
        if player not in layout.critics:
            continue
        critic = model.get_submodule(player)
        for name, layer in critic.convolutions.named_children():
            if isinstance(layer, nn.Conv2d):
                weight = layer.parametrizations.weight.original if player == "critic" else layer.weight
                yield from _convolution(layout, layout.critics[player].format(name), weight, layer.bias)
        if player != "critic":  # only TensorFlow's release has these
            yield from _linear(layouts.TENSORFLOW_HEADS[player], critic.fc, critic.convolutions.conv4.out_channels)


def _convolution(layout: layouts.Layout, name: str, weight: Tensor, bias: Tensor) -> Iterator[Counterpart]:
    if layout.tensorflow:  # HWIO
        shape = (*weight.shape[2:], weight.shape[1], weight.shape[0])
        yield Counterpart(f"{name}/kernel", weight, shape, lambda theirs: theirs.permute(3, 2, 0, 1))
        yield Counterpart(f"{name}/bias", bias, tuple(bias.shape), _same)
    else:
        yield Counterpart(f"{name}.weight", weight, tuple(weight.shape), _same)
        yield Counterpart(f"{name}.bias", bias, tuple(bias.shape), _same)


def _linear(name: str, layer: nn.Linear, channels: int) -> Iterator[Counterpart]:
    """Before its linear layer TensorFlow lays features out as rows, columns, channels; here the channels are first."""
    side = int((layer.in_features // channels) ** 0.5)

    def turn(theirs: Tensor) -> Tensor:
        return theirs.reshape(side, side, channels).permute(2, 0, 1)

    yield Counterpart(f"{name}/kernel", layer.weight, (layer.in_features, 1), turn)
    yield Counterpart(f"{name}/bias", layer.bias, (1,), _same)


def _shape(entry: Any) -> tuple[int, ...]:
    """Return the shape of a tensor or array; of anything else that a file may hold, none."""
    return tuple(getattr(entry, "shape", ()))


def _same(theirs: Tensor) -> Tensor:
    return theirs


def _take_singular_vectors(model: "DeepFill", layout: layouts.Layout, state: Mapping[str, Any]) -> set[str]:
    """Give spectral normalisation the singular vectors of its new weights, from the file where it has them."""
    if "critic" not in model.players:
        return set()
    used = set()
    for name, layer in model.critic.convolutions.named_children():
        if not isinstance(layer, nn.Conv2d):
            continue
        norm = layer.parametrizations.weight
        matrix = norm.original.flatten(1)
        theirs = layout.singular.format(layout.critics["critic"].format(name))
        if theirs in state:
            used.add(theirs)
            left = torch.as_tensor(state[theirs]).flatten()
            right = F.normalize(matrix.T @ left, dim=0, eps=1e-12)
        else:
            lefts, _, rights = torch.linalg.svd(matrix, full_matrices=False)
            left, right = lefts[:, 0], rights[0]
        norm[0]._u.copy_(left)
        norm[0]._v.copy_(right)
    return used
