"""The instrument every model is judged by."""

from typing import Literal

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from inpaintlab.batch import Batch
from inpaintlab.metrics.pictures import NAMES, Judged, eight_bit, judge

__all__ = ["InpaintingMetrics"]


class _Means(Metric):
    """Means of the six measures over pictures; sums in float64, added up over the processes of a run."""

    full_state_update = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(len(NAMES), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(len(NAMES), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("identical", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, judged: Judged) -> None:
        values, counted, identical = (part.to(self.total.device).double() for part in judged)
        self.total += torch.where(counted > 0, values, 0.0).sum(0)
        self.count += counted.sum(0)
        self.identical += identical.sum()

    def compute(self) -> dict[str, Tensor]:
        means = (self.total / self.count).float()
        return {**dict(zip(NAMES, means, strict=True)), "identical": self.identical.float()}


class InpaintingMetrics:
    """Means over pictures of PSNR, SSIM and L1, on the whole judged picture and inside the hole (see ``judge``).

    A picture without error has no PSNR: it is counted in ``identical`` and left out of that mean, and a picture
    without hole is left out of the hole means. A mean over no picture at all is NaN.

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
        self.means = _Means()
        self.lpips: Metric | None = None
        self.fid: Metric | None = None
        if lpips is not None:
            from inpaintlab.metrics.lpips import LPIPS

            self.lpips = LPIPS(lpips, lpips_weights)
        if fid is not None:
            from inpaintlab.metrics.fid import frechet_distance

            self.fid = frechet_distance(fid, fid_weights)

    @property
    def _parts(self) -> list[Metric]:
        return [part for part in (self.means, self.lpips, self.fid) if part is not None]

    def to(self, device: torch.device | str) -> "InpaintingMetrics":
        """Move everything to the device of the pictures; Apple's has no float64, so the sums stay on the CPU there."""
        for part in self._parts:
            part.to("cpu" if torch.device(device).type == "mps" else device)
        return self

    def reset(self) -> None:
        """Forget all pictures."""
        for part in self._parts:
            part.reset()

    def update(self, picture: Tensor, batch: Batch) -> Judged:
        """Add pictures (B, C, H, W) in [0, 1]; return their own measures too."""
        judged = judge(picture, batch)
        self.means.update(judged)
        if self.lpips is None and self.fid is None:
            return judged
        first, second = (_colour(eight_bit(x)).to(self.means.device) for x in (picture, batch.image))
        if self.lpips is not None:
            self.lpips.update(first / 255, second / 255)
        if self.fid is not None:
            self.fid.update(first.byte(), real=False)
            self.fid.update(second.byte(), real=True)
        return judged

    def compute(self) -> dict[str, Tensor]:
        """Return {name: float32 scalar}: the six measures, ``identical``, and ``lpips`` and ``fid`` if chosen.

        Within a distributed run the result is that of all processes together.
        """
        values = self.means.compute()
        if self.lpips is not None:
            values["lpips"] = self.lpips.compute()
        if self.fid is not None:
            values["fid"] = self.fid.compute().float()
        return values


def _colour(picture: Tensor) -> Tensor:
    """Grey (B, 1, H, W) as three equal channels, for networks that know only colour."""
    return picture.expand(-1, 3, -1, -1)
