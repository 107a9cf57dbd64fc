"""The weights of the authors' code, github.com/knazeri/edge-connect, taken over exactly and given back."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.spectral_norm import from_hook, to_hook
from inpaintlab.models.edge_connect.network import Discriminator, Generator

if TYPE_CHECKING:
    from inpaintlab.models.edge_connect.module import EdgeConnect

log = logging.getLogger(__name__)

LICENCE = "the authors' weights are CC BY-NC 4.0: not for commercial use, and neither is what is made from them"
ALIAS = ("features.0.", "conv1.0.")
"""A critic's first layer is saved twice."""
ENTRIES = ("generator", "discriminator")
"""Where a file has its state dict."""
EXPECTED = (
    "load_official wants one of EdgeModel_gen.pth, InpaintingModel_gen.pth, EdgeModel_dis.pth, InpaintingModel_dis.pth"
)


class File(NamedTuple):
    """One of the authors' four files."""

    name: str
    holds: str
    place: str
    """Of the network within ``EdgeConnect``."""
    entry: str
    """Where the file has the state dict."""


FILES = {
    ("generator", 1): File("EdgeModel_gen.pth", "the edge generator", "generator.edge", "generator"),
    ("generator", 3): File("InpaintingModel_gen.pth", "the image generator", "generator.image", "generator"),
    ("discriminator", 2): File("EdgeModel_dis.pth", "the edges' critic", "edge_discriminator", "discriminator"),
    ("discriminator", 3): File("InpaintingModel_dis.pth", "the picture's critic", "image_discriminator",
                               "discriminator"),
}  # fmt: skip
"""By kind and what tells the two of a kind apart: the channels that a generator makes, or a critic sees."""


def parts(contents: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what each file holds: ``contents`` itself, or of several files its values."""
    several = [value for name, value in contents.items() if isinstance(value, Mapping) and name not in ENTRIES]
    return several or [contents]


def arguments(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``EdgeConnect`` that one or several of the authors' files fit; else ``UserError``.

    With both generators the phase is the one that uses both, ``edge_inpaint``; else that which trains the one given.
    """
    states = [_bare(part) for part in parts(contents)]
    given = {identify(state).place: state for state in states}
    edge, image = given.get("generator.edge"), given.get("generator.image")
    generator = image if image is not None else edge
    if generator is None:
        raise UserError(f"official weights: critics of EdgeConnect without a generator; {EXPECTED}")
    first = generator.get("encoder.1.weight", generator.get("encoder.1.weight_orig"))
    if not isinstance(first, Tensor) or first.ndim != 4:
        raise UserError(f"official weights: EdgeConnect's generator has no encoder.1.weight; {EXPECTED}")
    normed = [_normed(state, "weight_orig") for place, state in given.items() if place != "generator.image"]
    return {
        "phase": "edge" if image is None else "inpaint" if edge is None else "edge_inpaint",
        "width": len(first),
        "residual_blocks": len({name.split(".")[1] for name in generator if name.startswith("middle.")}),
        "spectral_norm": all(normed),
    }


@torch.no_grad()
def load(model: "EdgeConnect", content: Mapping[str, Any]) -> list[str]:
    """Copy one file's weights into the network it is for; nothing is copied if something is missing or does not fit.

    Args:
        model: see ``FILES`` for the place of each.
        content: of the file, or the state dict in it, by the authors' names, with or without ``module.``.

    Returns:
        The names of the entries without a use: none, in files of the authors' code.
    """
    state = _bare(content)
    file = identify(state)
    network = model.get_submodule(file.place)
    if _normed(network.state_dict(), "original") != _normed(state, "weight_orig"):
        raise UserError(f"official weights: {file.name} and this model differ in spectral norm; {_wanted(file)}")
    places = _places(network)
    own = _rename(to_hook(network.state_dict(keep_vars=True)), {ours: theirs for theirs, ours in places.items()})
    given = to_hook(from_hook(state, transposed=("decoder.0", "decoder.3")))
    if missing := [name for name in own if name not in given]:
        raise UserError(
            f"official weights: {len(missing)} of {len(own)} entries of {file.holds} are missing, the first "
            f"{missing[0]}; {_wanted(file)}"
        )
    for name, value in own.items():
        if given[name].shape != value.shape:
            raise UserError(
                f"official weights: {name} should have the shape {tuple(value.shape)}, got "
                f"{tuple(given[name].shape)}; {_wanted(file)}"
            )
    for name, value in own.items():
        value.copy_(given[name])
    if file.place == "generator.edge":
        model.edge_iterations.fill_(max(1, int(content.get("iteration", 1))))
    log.warning("%s: %s", file.name, LICENCE)
    return sorted(set(given) - set(own))


def save(model: "EdgeConnect", name: str) -> dict[str, Any]:
    """Return the content of one of the authors' files, by its name, for their code to load."""
    file = next((file for file in FILES.values() if file.name == name), None)
    if file is None:
        raise UserError(f"official weights: {name!r} is none of {', '.join(file.name for file in FILES.values())}")
    network = model.get_submodule(file.place)
    names = {ours: theirs for theirs, ours in _places(network).items()}
    state = {key: value.clone() for key, value in _rename(to_hook(network.state_dict()), names).items()}
    if file.entry == "discriminator":
        alias, original = ALIAS
        twice = {key.replace(original, alias): value for key, value in state.items() if key.startswith(original)}
        return {"discriminator": twice | state}
    steps = model.edge_iterations if file.place == "generator.edge" else model.iteration
    return {"iteration": int(steps), "generator": state}


def identify(state: Mapping[str, Any]) -> File:
    """Tell which of the authors' files a bare state dict is out of; ``UserError`` if of none."""
    ends = {"generator": "decoder.7.weight", "discriminator": "conv1.0.weight"}
    for kind, end in ends.items():
        weight = state.get(end, state.get(f"{end}_orig"))
        if isinstance(weight, Tensor) and weight.ndim == 4:
            channels = len(weight) if kind == "generator" else weight.shape[1]
            if (kind, channels) in FILES:
                return FILES[kind, channels]
    first = ", ".join(str(name) for name in list(state)[:3]) or "nothing"
    raise UserError(f"official weights: these are not EdgeConnect's, they begin with {first}; {EXPECTED}")


def _bare(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """Unpack a file, strip the prefix of several GPUs, and drop the copy of a critic's first layer."""
    for entry in ENTRIES:
        if isinstance(content.get(entry), Mapping):
            content = content[entry]
    state = {name.removeprefix("module."): value for name, value in content.items()}
    alias, original = ALIAS
    for name in [name for name in state if name.startswith(alias)]:
        twin = state.get(name.replace(alias, original))
        if twin is not None:
            if not torch.equal(twin, state[name]):
                raise UserError(
                    f"official weights: {name} and {name.replace(alias, original)} should be one, and differ"
                )
            del state[name]
    return state


def _places(network: Generator | Discriminator) -> dict[str, str]:
    """Return the names of the layers: {with them: with us}."""
    if isinstance(network, Discriminator):
        return {f"conv{index + 1}.0": f"convs.{index}" for index in range(len(network.convs))}
    blocks = range(len(network.middle))
    return {
        **{f"encoder.{3 * index + 1}": f"encoder.{index}" for index in range(3)},
        **{f"middle.{index}.conv_block.1": f"middle.{index}.dilated" for index in blocks},
        **{f"middle.{index}.conv_block.5": f"middle.{index}.plain" for index in blocks},
        **{f"decoder.{3 * index}": f"decoder.{index}" for index in range(2)},
        "decoder.7": "out",
    }


def _rename(state: Mapping[str, Tensor], layers: Mapping[str, str]) -> dict[str, Tensor]:
    """Give the layers of ``<layer>.<kind>`` other names."""
    parts = {name: name.rpartition(".") for name in state}
    return {f"{layers[layer]}.{kind}": state[name] for name, (layer, _, kind) in parts.items()}


def _normed(state: Mapping[str, Any], end: str) -> bool:
    return any(name.endswith(end) for name in state)


def _wanted(file: File) -> str:
    norm = "" if file.place == "generator.image" else ", spectral_norm=true"
    blocks = ", residual_blocks=8" if file.entry == "generator" else ""
    return f"{file.name} wants width=64, channels=3{blocks}{norm}"
