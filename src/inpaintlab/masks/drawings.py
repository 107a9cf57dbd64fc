"""Which makers no longer draw as they first did: a key gives another mask since, and what was begun must not go on.

Free of torch.
"""

from collections.abc import Mapping
from typing import Any

DRAWINGS = {
    "inpaintlab.masks.irregular.Irregular": 2,
    "inpaintlab.masks.nvidia.Nvidia": 2,
    "inpaintlab.masks.text.Text": 2,
    "inpaintlab.masks.text_squares.TextSquares": 2,
}
"""{maker: number of its present drawing}; to be raised with every change of the masks that a key gives."""


def drawings(mask: Mapping[str, Any]) -> dict[str, int]:
    """Return {maker: number} of those that a mask's configuration names, also within others, and that have changed."""
    found: dict[str, int] = {}
    for name, value in mask.items():
        if isinstance(value, Mapping):
            found |= drawings(value)
        elif name == "_target_" and value in DRAWINGS:
            found[value] = DRAWINGS[value]
    return found


def with_drawings(mask: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mask's configuration as records keep it: all that decides how a key's mask looks."""
    changed = drawings(mask)
    return {**mask, **({"drawings": changed} if changed else {})}
