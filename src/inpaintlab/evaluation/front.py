"""``inpaintlab.score``: how good filled pictures are, by a protocol, for a caller in Python."""

from typing import Any

from hydra.utils import instantiate

from inpaintlab.basics.composing import compose
from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.data.any_image import Picture, open_hole, open_picture
from inpaintlab.metrics.protocol import Protocol
from inpaintlab.records.measures import usual_words


def score(
    filled: Picture,
    truth: Picture,
    hole: Any,
    protocol: str = "standard",
    measures: tuple[str, ...] = usual_words(),
) -> dict[str, dict[str, float | None]]:
    """Compare filled pictures with the truth as ``inpaintlab evaluate`` does.

    Args:
        filled: a picture as ``fill`` takes it; a batch gives its means.
        truth: of the same size and number of channels.
        hole: as of ``fill``. Known pixels of ``filled`` count as those of the truth, where the protocol says so.
        protocol: a name of ``conf/protocol``.
        measures: of each picture: ``psnr`` (dB), ``ssim``, ``l1``, ``gmsd``, ``ms_ssim``, ``lpips`` (a network).

    Returns:
        {region: {measure: mean}}, of ``full``, ``hole``, ``boundary`` those that the protocol looks at; None where a
        measure does not exist, as a PSNR without any error.

    Raises:
        UserError: for pictures that do not match, and for an unknown protocol.
    """
    prediction, image = open_picture(filled).image, open_picture(truth).image
    if prediction.shape != image.shape:
        raise UserError(f"filled and truth: expected one shape, got {tuple(prediction.shape)} and {tuple(image.shape)}")
    known = (~open_hole(hole, image)).to(image.dtype)
    judge = read_protocol(protocol)
    judge.prepare(measures)
    scores = judge.score(prediction, Batch(image, known), measures)
    output = judge.outputs[0]
    return {region: _means(judge, scores[output, region]) for region in judge.regions}


def read_protocol(name: str) -> Protocol:
    """Build a protocol by its name."""
    cfg = compose(f"protocol=[{name}]", verb="evaluate")
    judge: Protocol = instantiate(cfg.protocols[name], _convert_="all")
    return judge


def _means(judge: Protocol, columns: Any) -> dict[str, float | None]:
    pool = judge.pool()
    for values in zip(*columns.values(), strict=True):
        pool.add({name: float(value) for name, value in zip(columns, values, strict=True)})
    return pool.means()
