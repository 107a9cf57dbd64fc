"""The Frechet inception distance (Heusel et al. 2017), by torchmetrics."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from inpaintlab.errors import UserError

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
"""The Inception weights of 2015, as torch-fidelity carries them over."""


class _FrechetInceptionDistance(FrechetInceptionDistance):
    def compute(self) -> Tensor:
        """Return NaN for fewer than two pictures, which have no covariance."""
        if self.fake_features_num_samples < 2:
            return torch.tensor(torch.nan, device=self.device)
        return super().compute()


def frechet_distance(features: int | nn.Module, weights: str | None = None) -> FrechetInceptionDistance:
    """Build the metric: it takes uint8 pictures (B, 3, H, W), and ``real=True`` or ``False``.

    ``features`` is 64, 192, 768 or 2048 (Inception, by torch-fidelity, resized to 299 pixels) or a network
    uint8 (B, 3, H, W) -> (B, D). ``weights`` is a file of torch-fidelity's weights, None its download or cache.
    """
    if isinstance(features, nn.Module):
        return _FrechetInceptionDistance(features.eval())
    if features not in (64, 192, 768, 2048):
        raise UserError(f"metrics.fid={features}: expected 64, 192, 768 or 2048 features, or a network's _target_")
    if weights is not None and not Path(weights).is_file():
        raise UserError(f"metrics.fid_weights={weights}: no such file; it is to be had from {URL}")
    try:
        return _FrechetInceptionDistance(features, feature_extractor_weights_path=weights)
    except ModuleNotFoundError as error:
        raise UserError("metrics.fid: needs torch-fidelity; pip install 'inpaintlab[metrics]'") from error
    except (OSError, RuntimeError, KeyError) as error:
        where = weights or Path(torch.hub.get_dir(), "checkpoints", Path(URL).name)
        raise UserError(
            f"metrics.fid: no Inception weights at {where} ({str(error).splitlines()[0]}); "
            f"fetch {URL} and name it by metrics.fid_weights=<file>"
        ) from error
