"""What training measures: the ``standard`` protocol's arithmetic on the judged picture, and FID on request."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.image.fid import FrechetInceptionDistance

from inpaintlab.basics.errors import UserError, check_one_of
from inpaintlab.batch import Batch
from inpaintlab.metrics.pair import PairMeasure, eight_bit
from inpaintlab.metrics.pixelwise import L1, PSNR
from inpaintlab.metrics.protocol import Protocol
from inpaintlab.metrics.ssim import SSIM
from inpaintlab.records.measures import REGIONS, TABLE, column_name, watched_columns

WATCHED = tuple(measure.name for measure in TABLE if measure.watched)


class InpaintingMetrics:
    """Means over pictures of PSNR, SSIM and L1, on the whole judged picture and inside the hole, on 8-bit values.

    They are those of the protocol ``standard``: a picture without error has no PSNR, it is counted in ``identical`` and
    left out of that mean, and a picture without hole is left out of the hole means. A mean over no picture is NaN, and
    so is every mean over a picture that is not finite.

    Not an ``nn.Module``, so that it stays out of a model's checkpoint.
    """

    def __init__(
        self,
        lpips: Literal["alex", "vgg"] | None = None,
        lpips_weights: str | None = None,
        fid: Literal[64, 192, 768, 2048] | nn.Module | None = None,
        fid_weights: str | None = None,
    ) -> None:
        """Choose what is measured beyond the six.

        ``lpips``: network of LPIPS v0.1; ``lpips_weights``: file of torchvision's weights of it (None: its download).
        ``fid``: feature count of the Inception network of torch-fidelity, or a network of one's own that takes uint8
        (B, 3, H, W) and returns (B, D); ``fid_weights``: file of torch-fidelity's weights (None: its download).
        Weights that can be had from nowhere raise ``UserError``.
        """
        measures: dict[str, PairMeasure] = {"psnr": PSNR(), "ssim": SSIM(), "l1": L1()}
        self.networks: list[nn.Module] = []
        if lpips is not None:
            measures["lpips"] = self._lpips(lpips, lpips_weights)
        self.protocol = Protocol(
            outputs=["prediction"],  # the picture is given as it is judged
            regions={"full": list(measures), "hole": WATCHED},
            boundary=None,
            rounding="nearest",
            measures=measures,
            batch=None,
            last_batch="keep",
            distributions={},
        )
        self.means = MeansOverPictures([*watched_columns(), *(f"lpips_{lpips}" for _ in self.networks)])
        self.fid = None if fid is None else frechet_distance(fid, fid_weights)

    def _lpips(self, name: str, weights: str | None) -> PairMeasure:
        from inpaintlab.metrics.lpips import LPIPS, NETWORKS, LpipsNetwork

        check_one_of("metrics.lpips", name, NETWORKS)
        measure = LPIPS([name])
        measure.networks[name] = LpipsNetwork(name, weights, "metrics.lpips_weights")
        self.networks = list(measure.networks.values())
        return measure

    def to(self, device: torch.device | str) -> "InpaintingMetrics":
        """Move everything to the device of the pictures; Apple's has no float64, so the sums stay on the CPU there."""
        for part in (self.means, *self.networks, *([self.fid] if self.fid else [])):
            part.to("cpu" if torch.device(device).type == "mps" else device)
        return self

    def reset(self) -> None:
        """Forget all pictures."""
        self.means.reset()
        if self.fid is not None:
            self.fid.reset()

    def update(self, picture: Tensor, batch: Batch) -> None:
        """Add pictures (B, C, H, W) in [0, 1]."""
        self.means.update(*self.judge(picture, batch))
        if self.fid is not None:
            for shown, real in ((picture, False), (batch.image, True)):
                # Grey as three equal channels, for networks that know only colour.
                pixels = eight_bit(shown).byte().expand(-1, 3, -1, -1)
                self.fid.update(pixels.to(self.means.device), real=real)

    def judge(self, picture: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return each picture's own values, (B, K) float64 by ``means.names``, and its squared error, (B,).

        Not a number is what does not exist; of a picture that is not finite the error is not a number either.
        """
        scores = self.protocol.score(picture, batch, list(self.protocol.measures))
        columns = {
            column_name(name, region): column
            for region in REGIONS
            for name, column in scores.get(("prediction", region), {}).items()
        }
        return torch.stack([columns[name] for name in self.means.names], dim=1), columns["mse"]

    def compute(self) -> dict[str, Tensor]:
        """Return {name: float32 scalar}: the six measures, ``identical``; ``lpips_<network>`` and ``fid`` if chosen.

        Within a distributed run the result is that of all processes together.
        """
        values = self.means.compute()
        if self.fid is not None:
            values["fid"] = self.fid.compute().float()
        return values


class MeansOverPictures(Metric):
    """Means of named values over pictures; sums in float64, added up over the processes of a run."""

    full_state_update = False

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.add_state("total", torch.zeros(len(names), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(len(names), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("identical", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, values: Tensor, mse: Tensor) -> None:
        """Add values (B, K); not a number counts nowhere, unless the picture's squared error is none either."""
        values, mse = values.to(self.total.device), mse.to(self.total.device)
        counted = ~values.isnan() | mse.isnan()[:, None]
        self.total += torch.where(counted, values, 0.0).sum(0)
        self.count += counted.sum(0)
        self.identical += (mse == 0).sum()

    def compute(self) -> dict[str, Tensor]:
        """Return the means and the number of pictures without error."""
        means = (self.total / self.count).float()
        return {**dict(zip(self.names, means, strict=True)), "identical": self.identical.float()}


class _FrechetInceptionDistance(FrechetInceptionDistance):
    def compute(self) -> Tensor:
        """Return NaN for fewer than two pictures, which have no covariance."""
        if self.fake_features_num_samples < 2:
            return torch.tensor(math.nan, device=self.device)
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
    """Build FID (Heusel et al. 2017) of torchmetrics: it takes uint8 (B, 3, H, W), and ``real=True`` or ``False``.

    ``features`` is 64, 192, 768 or 2048 (of ``inception2015``, the network an evaluation uses too) or a network
    uint8 (B, 3, H, W) -> (B, D). ``weights`` is a file of torch-fidelity's weights, None its download or cache.
    """
    from inpaintlab.metrics.feature_networks import load_network
    from inpaintlab.metrics.inception import TAPS

    if isinstance(features, nn.Module):
        return _FrechetInceptionDistance(_Features(load_network(features)))
    if features not in TAPS:
        raise UserError(f"metrics.fid={features}: expected 64, 192, 768 or 2048 features, or a network's _target_")
    network = load_network("inception2015", weights, features=features, key="metrics.fid_weights")
    return _FrechetInceptionDistance(_Features(network))
