"""A protocol: everything that must be fixed before a PSNR, an SSIM or an L1 is a number that can be compared.

``README.md`` beside this file says of each protocol in ``conf/protocol`` whose code it follows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError, check_one_of
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.pair import ROUNDINGS, Pair, PairMeasure, region_masks
from inpaintlab.metrics.pixelwise import PSNR
from inpaintlab.metrics.pool import Pool
from inpaintlab.records.cells import OUTPUTS
from inpaintlab.records.measures import MEASURES, REGIONS, TABLE, words_of

PLAIN = PSNR()
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
        measures: Mapping[str, PairMeasure],
        batch: int | None,
        last_batch: Literal["keep", "drop"],
        distributions: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Choose the definition.

        ``outputs``: of completed, prediction. ``regions``: {full, hole, boundary: the measures that look at it}.
        ``boundary``: pixels of the band to each side of a hole's edge. ``rounding``: how predictions become 8-bit.
        ``measures``: {word: what it means here}; a measure that the protocol does not have is absent.
        ``batch``, ``last_batch``: where means depend on batches, their size (null: none, or all pictures are one), and
        whether a last one that is not full counts. ``distributions``: {fid, kid, inception_score, ids: {network,
        resize}}. Settings that contradict each other raise ``UserError``.
        """
        self.outputs = tuple(check_one_of("protocol.outputs", name, OUTPUTS) for name in outputs)
        self.regions = tuple(check_one_of("protocol.regions", name, REGIONS) for name in regions)
        self.looks = {region: tuple(names) for region, names in regions.items()}
        self.boundary = boundary
        self.rounding = check_one_of("protocol.rounding", rounding, tuple(ROUNDINGS))
        self.measures = dict(measures)
        self.batch = batch
        self.last_batch = check_one_of("protocol.last_batch", last_batch, ("keep", "drop"))
        self.distributions = {name: dict(settings) for name, settings in distributions.items()}
        self._check()

    def _check(self) -> None:
        for name in self.measures:
            check_one_of("protocol.measures", name, words_of("picture"))
        for region, names in self.looks.items():
            for name in names:
                check_one_of(
                    f"protocol.regions.{region}",
                    name,
                    tuple(dict.fromkeys(m.asked for m in TABLE if m.of == "picture" and region in m.regions)),
                )
                if name not in self.measures:
                    raise UserError(f"protocol.regions.{region} names {name}, but protocol.measures has no {name}")
        if "boundary" in self.regions and not (self.boundary and self.boundary > 0):
            raise UserError(f"protocol.boundary={self.boundary}: expected the width of the band in pixels, 1 or more")
        if self.batch is not None and self.batch < 1:
            raise UserError(f"protocol.batch={self.batch}: expected a number of pictures, 1 or more, or null")

    @property
    def defined(self) -> set[str]:
        """The words of all that can be asked of the protocol."""
        return {name for names in self.looks.values() for name in names} | set(self.distributions)

    @property
    def psnr(self) -> PSNR | None:
        """What PSNR means here; None where the protocol has none."""
        measure = self.measures.get("psnr")
        return measure if isinstance(measure, PSNR) else None

    def prepare(
        self,
        measures: Collection[str],
        device: torch.device | str = "cpu",
        weights: Mapping[str, str | None] | None = None,
    ) -> None:
        """Load what the measures need, once, before the first batch.

        ``weights`` is {network: file, None its download}; weights that are absent raise ``UserError``.
        """
        for name, measure in self.measures.items():
            if name in measures:
                measure.prepare(_with_float64(device), weights or {})

    def score(self, prediction: Tensor, batch: Batch, measures: Collection[str]) -> Scores:
        """Compare raw predictions (B, C, H, W) in [0, 1] with the truth.

        Returns {(output, region): {column: (B,) float64 on the CPU}}: ``mse`` and, of the measures that are asked for,
        those that the protocol defines there. Not a number is what does not exist: a PSNR without error where these are
        counted apart, a mean over no pixels. A measure with weights needs ``prepare`` first. Pictures that are too
        small for a measure raise ``UserError``.
        """
        device = _with_float64(prediction.device)
        pictures, truth = self._values(prediction.to(device), Batch(*(part.to(device) for part in batch)))
        wanted = [name for name in self.measures if name in measures]
        # One picture at a time: what it needs stays in the processor's cache, and memory does not grow with the batch.
        triples = zip(pictures, truth, batch.hole.to(device), strict=True)
        scores = [self._score_one(Pair(first, second), hole, wanted) for first, second, hole in triples]
        columns = {name: torch.stack([score[name] for score in scores]).cpu() for name in scores[0]}
        return {
            (output, region): {
                name: column[:, row, place]
                for name, column in columns.items()
                if name == "mse" or (MEASURES[name].asked in self.looks[region] and MEASURES[name].asked in wanted)
            }
            for row, output in enumerate(self.outputs)
            for place, region in enumerate(self.regions)
        }

    def pool(self) -> Pool:
        """Return a new, empty average of rows."""
        return Pool(self.psnr, self.batch, self.last_batch)

    def _values(self, prediction: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the outputs (B, O, C, H, W) and the truth (B, C, H, W), values from 0 to 255."""
        truth = ROUNDINGS["none" if self.rounding == "none" else "nearest"](batch.image)
        known = Batch((truth / 255).to(batch.image.dtype), batch.known)
        pictures = {"prediction": prediction, "completed": composite(prediction, known)}
        return torch.stack([ROUNDINGS[self.rounding](pictures[name]) for name in self.outputs], dim=1), truth

    def _score_one(self, pair: Pair, hole: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Return {column: (O, R)} of one picture, the squared error first."""
        masks = region_masks(hole, self.regions, self.boundary)
        columns = (self.psnr or PLAIN)(pair, masks)
        for name in wanted:
            if name != "psnr":
                columns |= self.measures[name](pair, masks)
        return columns


def _with_float64(device: torch.device | str) -> torch.device:
    """Return the device, or the CPU in place of Apple's, which has no float64."""
    device = torch.device(device)
    return torch.device("cpu") if device.type == "mps" else device
