"""LPIPS v0.1 (Zhang et al. 2018) on torchvision's networks, with the linear heads that torchmetrics carries."""

from pathlib import Path

import torch
import torch.nn.functional as F
import torchmetrics.functional.image
import torchvision
from torch import Tensor, nn
from torchmetrics import Metric

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.precision import full_precision
from inpaintlab.metrics.weights import fill, find_weights, read_weights

# Network of torchvision, the ReLU layers whose output is compared, and the smallest side that reaches the last one.
NETWORKS = {
    "alex": ("alexnet", (1, 4, 7, 9, 11), 31),
    "vgg": ("vgg16", (3, 8, 15, 22, 29), 16),
}


class LPIPS(Metric):
    """Mean LPIPS distance over pictures (0 = alike)."""

    full_state_update = False

    def __init__(self, network: str, weights: str | None = None, key: str = "metrics.lpips_weights") -> None:
        """Build ``alex`` or ``vgg``; ``weights`` is a file of torchvision's state dict, None its download or cache.

        ``key`` is the word of the configuration that names such a file: errors point to it.
        """
        super().__init__()
        if network not in NETWORKS:
            raise UserError(f"metrics.lpips={network}: expected one of {', '.join(NETWORKS)}")
        name, self.taps, self.least = NETWORKS[network]
        self.features = _features(name, weights, key)[: self.taps[-1] + 1]
        heads = Path(torchmetrics.functional.image.__file__).parent / "lpips_models" / f"{network}.pth"
        for index, weight in enumerate(torch.load(heads, map_location="cpu", weights_only=True).values()):
            self.features.register_buffer(f"head{index}", weight)  # (1, C, 1, 1), all positive
        # The data set's mean and deviation, for pictures in [-1, 1], as LPIPS was trained.
        self.features.register_buffer("mean", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.features.register_buffer("deviation", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))
        self.features.requires_grad_(False).eval()
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    @torch.no_grad()
    def update(self, first: Tensor, second: Tensor) -> None:
        """Add pictures (B, 3, H, W) in [0, 1]."""
        self.total += self.distance(first, second).double().sum()
        self.count += len(first)

    def compute(self) -> Tensor:
        """Return the mean, a float32 scalar."""
        return (self.total / self.count).float()

    def distance(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the distance of each pair of pictures (B, 3, H, W), (B,) float32: eq. (1) of the paper.

        Values of [0, 1] are stretched to the [-1, 1] of its training, 2x - 1. Who wants the number of code that feeds
        [0, 1] unstretched gives (x + 1) / 2. Pictures too small for the last layer raise ``UserError``.
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
        x = (2 * picture - 1 - self.features.mean) / self.features.deviation
        taken = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                taken.append(x.clone())  # the next layer may work in place
        return taken


def _features(name: str, weights: str | None, key: str) -> nn.Sequential:
    """Return the convolutional layers of a torchvision network with its ImageNet weights."""
    url = torchvision.models.get_model_weights(name).DEFAULT.url
    path = find_weights(weights, url, key)
    expected = f"torchvision's weights of {name}, {url}"
    network = torchvision.models.get_model(name)
    fill(network, read_weights(path, key, expected), path, key, expected)
    return network.features
