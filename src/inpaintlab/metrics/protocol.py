"""A protocol: everything that must be fixed before a PSNR, an SSIM or an L1 is a number that can be compared.

``README.md`` beside this file says of each protocol in ``conf/protocol`` whose code it follows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.l1 import L1
from inpaintlab.metrics.ms_ssim import ms_ssim
from inpaintlab.metrics.pair import Pair
from inpaintlab.metrics.perceptual import Perceptual
from inpaintlab.metrics.pool import Pool
from inpaintlab.metrics.psnr import PSNR
from inpaintlab.metrics.regions import REGIONS, region_masks
from inpaintlab.metrics.similarity import SSIM
from inpaintlab.metrics.values import ROUNDINGS
from inpaintlab.metrics.words import check_word

__all__ = ["Pool", "Protocol"]

OUTPUTS = ("composited", "raw")
ANYWHERE = ("psnr", "ssim", "l1")
FULL_ONLY = ("ms_ssim", "lpips")
PLAIN = PSNR("rgb", "apart", 0.0, "picture")
"""Gives the squared error where a protocol has no PSNR."""
Scores = dict[tuple[str, str], dict[str, Tensor]]
"""{(output, region): {column: (B,)}}."""


class Protocol:
    """Scores predictions, picture by picture, and averages the rows."""

    def __init__(
        self,
        outputs: Sequence[str],
        regions: Mapping[str, Sequence[str]],
        boundary: int | None,
        rounding: Literal["nearest", "truncate", "truncate_signed", "none"],
        psnr: PSNR | None,
        ssim: SSIM | None,
        l1: L1 | None,
        lpips: Perceptual | None,
        batch: int | None,
        last_batch: Literal["keep", "drop"],
        distributions: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Choose the definition.

        ``outputs``: of composited, raw. ``regions``: {full, hole, boundary: the measures that look at it}.
        ``boundary``: pixels of the band to each side of a hole's edge. ``rounding``: how predictions become 8-bit.
        ``batch``, ``last_batch``: where means depend on batches, their size (null: none, or all pictures are one), and
        whether a last one that is not full counts. ``distributions``: {fid, kid, inception_score, ids: {network,
        resize}}. Settings that contradict each other raise ``UserError``.
        """
        self.outputs = tuple(check_word("outputs", name, OUTPUTS) for name in outputs)
        self.regions = tuple(check_word("regions", name, REGIONS) for name in regions)
        self.measures = {region: tuple(names) for region, names in regions.items()}
        self.boundary = boundary
        check_word("rounding", rounding, ROUNDINGS)
        self.rounding = rounding
        self.psnr, self.ssim, self.l1, self.lpips = psnr, ssim, l1, lpips
        self.batch = batch
        self.last_batch = check_word("last_batch", last_batch, ("keep", "drop"))
        self.distributions = {name: dict(settings) for name, settings in distributions.items()}
        self._check()

    def _check(self) -> None:
        there = {"psnr": self.psnr, "ssim": self.ssim, "l1": self.l1, "lpips": self.lpips, "ms_ssim": True}
        for region, names in self.measures.items():
            for name in names:
                check_word(f"regions.{region}", name, (*ANYWHERE, *(FULL_ONLY if region == "full" else ())))
                if there[name] is None:
                    raise UserError(f"protocol.regions.{region} names {name}, but protocol.{name} is null")
        if "boundary" in self.regions and not (self.boundary and self.boundary > 0):
            raise UserError(f"protocol.boundary={self.boundary}: expected the width of the band in pixels, 1 or more")
        if self.batch is not None and self.batch < 1:
            raise UserError(f"protocol.batch={self.batch}: expected a number of pictures, 1 or more, or null")

    def prepare(
        self,
        measures: Collection[str],
        device: torch.device | str = "cpu",
        lpips_weights: Mapping[str, str | None] | None = None,
    ) -> None:
        """Load what the measures need, once, before the first batch.

        ``lpips_weights`` is {network: file of its weights, None its download}; absent weights raise ``UserError``.
        """
        if "lpips" in measures and self.lpips is not None:
            self.lpips.load(_with_float64(device), lpips_weights or {})

    def score(self, prediction: Tensor, batch: Batch, measures: Collection[str]) -> Scores:
        """Compare raw predictions (B, C, H, W) in [0, 1] with the truth.

        Returns {(output, region): {column: (B,) float64 on the CPU}}: ``mse`` and, of the measures that are asked for,
        those that the protocol defines there. Not a number is what does not exist: a PSNR without error where these are
        counted apart, a mean over no pixels. ``lpips`` needs ``prepare`` first. Pictures that are too small for a
        measure raise ``UserError``.
        """
        device = _with_float64(prediction.device)
        pictures, truth = self._values(prediction.to(device), Batch(*(part.to(device) for part in batch)))
        wanted = {name for names in self.measures.values() for name in names if name in measures}
        # One picture at a time: what it needs stays in the processor's cache, and memory does not grow with the batch.
        triples = zip(pictures, truth, batch.hole.to(device), strict=True)
        scores = [self._score_one(Pair(first, second), hole, wanted) for first, second, hole in triples]
        columns = {name: torch.stack([score[name] for score in scores]).cpu() for name in scores[0]}
        found = {
            (output, region): {
                name: column[:, row, place]
                for name, column in columns.items()
                if name in ("mse", *self.measures[region])
            }
            for row, output in enumerate(self.outputs)
            for place, region in enumerate(self.regions)
        }
        if "lpips" in wanted and self.lpips is not None:
            for row, output in enumerate(self.outputs):
                distances = self.lpips(pictures[:, row], truth)
                found[output, "full"].update({name: distance.cpu() for name, distance in distances.items()})
        return found

    def pool(self) -> Pool:
        """Return a new, empty average of rows."""
        return Pool(self.psnr, self.batch, self.last_batch)

    def _values(self, prediction: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the outputs (B, O, C, H, W) and the truth (B, C, H, W), values from 0 to 255."""
        truth = ROUNDINGS["none" if self.rounding == "none" else "nearest"](batch.image)
        known = Batch((truth / 255).to(batch.image.dtype), batch.known)
        kinds = {"raw": prediction, "composited": composite(prediction, known)}
        return torch.stack([ROUNDINGS[self.rounding](kinds[name]) for name in self.outputs], dim=1), truth

    def _score_one(self, pair: Pair, hole: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Return {column: (O, R)} of one picture; ``ms_ssim`` is the same in all regions."""
        masks = region_masks(hole, self.regions, self.boundary)
        mse = (self.psnr or PLAIN).mse(pair, masks)
        found = {"mse": mse}
        if "psnr" in wanted and self.psnr is not None:
            found["psnr"] = self.psnr.of(mse)
        if "ssim" in wanted and self.ssim is not None:
            found["ssim"] = self.ssim(pair, masks)
        if "l1" in wanted and self.l1 is not None:
            found["l1"] = self.l1(pair, masks)
        if "ms_ssim" in wanted:
            found["ms_ssim"] = ms_ssim(pair)[:, None].expand_as(mse)
        return found


def _with_float64(device: torch.device | str) -> torch.device:
    """Return the device, or the CPU in place of Apple's, which has no float64."""
    device = torch.device(device)
    return torch.device("cpu") if device.type == "mps" else device
