"""Spectral norm (Miyato et al. 2018) by torch's parametrisation, and weights saved by torch's older hook."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import normalize
from torch.nn.utils.parametrizations import spectral_norm

NAMES = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}
"""What the hook calls the weight and the vectors of its power iteration, and what the parametrisation calls them."""

__all__ = ["from_hook", "spectral_norm", "to_hook"]


def from_hook(state: Mapping[str, Tensor], transposed: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """Rename the entries ``<layer>.weight_orig``, ``_u`` and ``_v`` of a state dict; all others stay.

    Old files may lack ``weight_v``, which follows from ``weight_u`` by half a power iteration, and hold the normalised
    ``weight`` too, which is dropped.
    ``transposed`` names the transposed convolutions among the layers, whose outputs are the second dimension.
    """
    renamed: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        if kind == "weight" and f"{layer}.weight_orig" in state:
            continue
        renamed[f"{layer}.{NAMES[kind]}" if kind in NAMES else name] = value
        if kind == "weight_u" and f"{layer}.weight_v" not in state:
            weight = state[f"{layer}.weight_orig"]
            matrix = (weight.transpose(0, 1) if layer in transposed else weight).flatten(1)
            renamed[f"{layer}.{NAMES['weight_v']}"] = normalize(matrix.T @ value, dim=0)
    return renamed


def to_hook(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo ``from_hook``."""
    renamed = {}
    for name, value in state.items():
        for theirs, ours in NAMES.items():
            name = name.replace(f".{ours}", f".{theirs}")
        renamed[name] = value
    return renamed
