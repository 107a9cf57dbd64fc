"""LPIPS as protocols use it: which networks, and which range of values they are shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from inpaintlab.metrics.words import check_word

if TYPE_CHECKING:
    from inpaintlab.metrics.lpips import LPIPS


class Perceptual:
    """Distances of LPIPS v0.1, one column ``lpips_<network>`` for each network."""

    def __init__(self, networks: Sequence[str], low: float) -> None:
        """Name the ``networks`` (alex, vgg), and the value ``low`` of black; white is 1. LPIPS was trained with -1."""
        self.names = tuple(check_word("lpips.networks", name, ("alex", "vgg")) for name in networks)
        self.low = low
        self.networks: dict[str, LPIPS] = {}

    def load(self, device: torch.device | str, weights: Mapping[str, str | None]) -> None:
        """Build the networks on a device; ``weights`` names the file of each, absent or None: its download.

        Weights that can be had from nowhere raise ``UserError``.
        """
        from inpaintlab.metrics.lpips import LPIPS

        for name in self.names:
            self.networks[name] = LPIPS(name, weights.get(name), key=f"weights.lpips_{name}").to(device)

    def __call__(self, first: Tensor, second: Tensor) -> dict[str, Tensor]:
        """Compare pictures (B, C, H, W) with values from 0 to 255: {column: (B,)}."""
        shown = [self._range(x).expand(-1, 3, -1, -1) for x in (first, second)]  # grey as three equal channels
        with torch.no_grad():
            return {f"lpips_{name}": network.distance(*shown).double() for name, network in self.networks.items()}

    def _range(self, picture: Tensor) -> Tensor:
        # LPIPS.distance expects [0, 1] and stretches it to [-1, 1] by itself.
        value = self.low + (1 - self.low) * picture.float() / 255
        return (value + 1) / 2
