"""The one schema of what W&B is told, so that runs of a sweep, of different papers and of evaluations line up.

    job types   train | evaluate
    group       of one sweep or experiment, or null
    tags        [model, data, mask]
    config      CONFIG, then each constructor argument of the model as ``model/<argument>``, nested ones with slashes
    train       train/<loss>, val/<measure>, test/<measure>, baselines/<class>/<measure>; samples, samples/table;
                all over ``iteration``, the model's own clock; the summary of val/<measure> is its best value
    evaluate    summary <protocol>/<region>/<bucket>/<measure>; by_ratio/<protocol>/<region>/<measure> over
                ``hole_ratio``; the tables evaluation/rows, evaluation/distributions, evaluation/pictures

A region is ``full``, ``hole`` or ``boundary`` of the output that the model is judged by; the other output's is called
``full_raw`` or ``full_composited``. A bucket is ``10-20`` (percent of hole pixels), ``all``, ``regular`` or
``as_they_are``, with the border's rule behind it where there is one: ``10-20_touch``. No key has a dot, which W&B would
take for nesting.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from inpaintlab.records.markdown import MEASURES

TRAIN, EVALUATE = "train", "evaluate"
CONFIG = ("model", "data", "mask", "hardware", "seed", "size", "channels", "batch_size")
"""Keys of every training run's config; an evaluation has all but hardware and batch_size."""
ITERATION = "iteration"
HOLE_RATIO = "hole_ratio"
DISTRIBUTIONS = ("fid", "kid", "inception_score", "p_ids", "u_ids")
"""Measures of a set of whole pictures, so of no region but ``full``."""
ROWS, DISTRIBUTION_ROWS, PICTURES = "evaluation/rows", "evaluation/distributions", "evaluation/pictures"
SAMPLES = "samples/table"
"""As ``callbacks.samples.TABLE``, which cannot be imported without torch."""


def tags(config: Mapping[str, Any]) -> list[str]:
    """Return the tags of a run with this config."""
    return [str(config[key]) for key in ("model", "data", "mask")]


def definitions(job_type: str) -> list[dict[str, Any]]:
    """Return the arguments of each ``define_metric`` of a run: its x axis, and which value its summary keeps."""
    if job_type == EVALUATE:
        return [
            {"name": HOLE_RATIO, "summary": "none"},
            {"name": "by_ratio/*", "step_metric": HOLE_RATIO, "summary": "none"},
        ]
    best = [
        {"name": f"val/{measure}", "step_metric": ITERATION, "summary": better.__name__}
        for measure, (_, better) in MEASURES.items()
        if better
    ]
    return [{"name": ITERATION}, {"name": "*", "step_metric": ITERATION}, *best]


def flatten(name: str, value: Any) -> dict[str, Any]:
    """Flatten nested values to keys with slashes: ``"model", {"stages": [{"lr": 1}]}`` -> ``model/stages/0/lr``.

    A list of plain values stays one value.
    """
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value):
        parts = enumerate(value)
    else:
        return {name: value}
    return {key: leaf for part, item in parts for key, leaf in flatten(f"{name}/{part}", item).items()}


def bucket_key(bucket: Sequence[float] | str | None, border: str | None = None) -> str:
    """Name a cell in a key: ``10-20``, ``1p5-10`` (from 1.5 percent), ``all``, ``regular``, ``10-20_touch``."""
    if bucket is None:
        name = "as_they_are"
    elif isinstance(bucket, str):
        name = bucket
    else:
        name = "-".join(f"{100 * edge:g}" for edge in bucket).replace(".", "p")
    return name if border in (None, "any", "all") else f"{name}_{border}"


def region_key(region: str, output: str, judged: str) -> str:
    """Name a region in a key; ``judged`` is the model's (``completed`` or ``raw``)."""
    own = "raw" if judged == "raw" else "composited"
    return region if output == own else f"{region}_{output}"


def summary_key(protocol: str, region: str, bucket: str, measure: str) -> str:
    """Return the key of one number of an evaluation; ``region`` and ``bucket`` as the functions above name them."""
    return f"{protocol}/{region}/{bucket}/{measure}"


def curve_key(protocol: str, region: str, measure: str) -> str:
    """Return the key of a measure over ``hole_ratio``."""
    return f"by_ratio/{protocol}/{region}/{measure}"
