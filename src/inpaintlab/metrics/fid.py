"""The Frechet inception distance (Heusel et al. 2017) while a model trains, by torchmetrics."""

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.feature_networks import load_network
from inpaintlab.metrics.inception import TAPS


class _FrechetInceptionDistance(FrechetInceptionDistance):
    def compute(self) -> Tensor:
        """Return NaN for fewer than two pictures, which have no covariance."""
        if self.fake_features_num_samples < 2:
            return torch.tensor(torch.nan, device=self.device)
        return super().compute()


class _Features(nn.Module):
    """A feature network as torchmetrics takes it: uint8 (B, 3, H, W) -> (B, D)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.num_features = network.dim

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network(pictures)["features"]


def frechet_distance(features: int | nn.Module, weights: str | None = None) -> FrechetInceptionDistance:
    """Build the metric: it takes uint8 pictures (B, 3, H, W), and ``real=True`` or ``False``.

    ``features`` is 64, 192, 768 or 2048 (of ``inception2015``, the network an evaluation uses too) or a network
    uint8 (B, 3, H, W) -> (B, D). ``weights`` is a file of torch-fidelity's weights, None its download or cache.
    """
    if isinstance(features, nn.Module):
        return _FrechetInceptionDistance(_Features(load_network(features)))
    if features not in TAPS:
        raise UserError(f"metrics.fid={features}: expected 64, 192, 768 or 2048 features, or a network's _target_")
    network = load_network("inception2015", weights, features=features, key="metrics.fid_weights")
    return _FrechetInceptionDistance(_Features(network))
