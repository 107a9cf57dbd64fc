"""LPIPS v0.1 (Zhang et al. 2018) on torchvision's networks, with the linear heads that torchmetrics carries."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError, check_one_of
from inpaintlab.metrics.pair import Pair, PairMeasure
from inpaintlab.metrics.weights import fill, find_weights, full_precision, read_weights

# Network of torchvision, the ReLU layers whose output is compared, and the smallest side that reaches the last one.
NETWORKS = {
    "alex": ("alexnet", (1, 4, 7, 9, 11), 31),
    "vgg": ("vgg16", (3, 8, 15, 22, 29), 16),
}


class LPIPS(PairMeasure):
    """Distances of LPIPS v0.1 (0 = alike), one column ``lpips_<network>`` for each network."""

    def __init__(self, networks: Sequence[str], low: float = -1.0) -> None:
        """Name the ``networks`` (alex, vgg), and the value ``low`` of black; white is 1. LPIPS was trained with -1."""
        self.names = tuple(check_one_of("protocol.lpips.networks", name, NETWORKS) for name in networks)
        self.low = low
        self.networks: dict[str, LpipsNetwork] = {}

    def prepare(self, device: torch.device | str, weights: Mapping[str, str | None]) -> None:
        """Build the networks; ``weights`` names files by ``lpips_<network>``, absent or None: its download.

        Weights that can be had from nowhere raise ``UserError``.
        """
        for name in self.names:
            key = f"lpips_{name}"
            self.networks[name] = LpipsNetwork(name, weights.get(key), f"weights.{key}").to(device)

    def __call__(self, pair: Pair, masks: Tensor) -> dict[str, Tensor]:
        """Return the distance of each whole output, the same in all regions, (O, R)."""
        first, second = pair.colours("rgb")
        shown = [self._stretch(x).expand(-1, 3, -1, -1) for x in (first, second[None])]  # grey as three equal channels
        distances = {name: network(*shown).double() for name, network in self.networks.items()}
        return {f"lpips_{name}": value[:, None].expand(-1, len(masks)) for name, value in distances.items()}

    def _stretch(self, picture: Tensor) -> Tensor:
        return self.low + (1 - self.low) * picture.float() / 255


class LpipsNetwork(nn.Module):
    """The distance of pictures of [-1, 1] by the layers of one network."""

    def __init__(self, network: str, weights: str | None = None, key: str = "weights.lpips") -> None:
        """Build ``alex`` or ``vgg``; ``weights`` is a file of torchvision's state dict, None its download or cache.

        ``key`` is the word of the configuration that names such a file: errors point to it.
        """
        super().__init__()
        name, self.taps, self.least = NETWORKS[network]
        self.features = _features(name, weights, key)[: self.taps[-1] + 1]
        for index, weight in enumerate(torch.load(_heads(network), map_location="cpu", weights_only=True).values()):
            self.features.register_buffer(f"head{index}", weight)  # (1, C, 1, 1), all positive
        # The data set's mean and deviation, for pictures in [-1, 1], as LPIPS was trained.
        self.features.register_buffer("mean", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.features.register_buffer("deviation", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))
        self.features.requires_grad_(False).eval()

    @torch.no_grad()
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the distance of pictures (B, 3, H, W) to one truth or one each, (B,) float32: eq. (1) of the paper.

        Values are of [-1, 1], as in its training. Pictures too small for the last layer raise ``UserError``.
        """
        height, width = first.shape[-2:]
        if min(height, width) < self.least:
            raise UserError(f"LPIPS needs pictures of at least {self.least} pixels, got {height} x {width}")
        with full_precision(first.device):
            total = torch.zeros(len(first), device=first.device)
            pairs = zip(self._activations(first.float()), self._activations(second.float()), strict=True)
            for index, (a, b) in enumerate(pairs):
                difference = (F.normalize(a) - F.normalize(b)).square()
                total += (difference * self.features.get_buffer(f"head{index}")).sum(1).mean((1, 2))
        return total

    def _activations(self, picture: Tensor) -> list[Tensor]:
        x = (picture - self.features.mean) / self.features.deviation
        taken = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                taken.append(x.clone())  # the next layer may work in place
        return taken


def _features(name: str, weights: str | None, key: str) -> nn.Sequential:
    """Return the convolutional layers of a torchvision network with its ImageNet weights."""
    import torchvision  # seconds to import, and only needed here: a protocol has LPIPS whether or not it is asked for

    url = torchvision.models.get_model_weights(name).DEFAULT.url
    path = find_weights(weights, url, key)
    expected = f"torchvision's weights of {name}, {url}"
    network = torchvision.models.get_model(name)
    fill(network, read_weights(path, key, expected), path, key, expected)
    return network.features


def _heads(name: str) -> Path:
    """Return torchmetrics' file of a network's linear heads, without its import, which takes seconds."""
    package = find_spec("torchmetrics")
    assert package is not None  # it is a dependency
    assert package.origin is not None
    return Path(package.origin).parent / "functional" / "image" / "lpips_models" / f"{name}.pth"
