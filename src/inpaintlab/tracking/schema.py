"""The one schema of what W&B is told, so that runs of a sweep, of different papers and of evaluations line up.

    job types   train | evaluate
    group       of one sweep or experiment, or null
    tags        [model, data, mask]
    config      CONFIG, then each constructor argument of the model as ``model/<argument>``, nested ones with slashes
    train       train/<loss>, val/<measure>, test/<measure>, baselines/<name>/<measure>; samples, samples/table;
                all over ``iteration``, the model's own clock; the summary of val/<measure> is its best value
    evaluate    summary <protocol>/<region>/<bucket>/<measure>; by_ratio/<protocol>/<region>/<measure> over
                ``hole_ratio``; the tables evaluation/rows, evaluation/distributions, evaluation/pictures

A region is ``full``, ``hole`` or ``boundary`` of the output that the model is judged by; the other output's is called
``full_prediction`` or ``full_completed``. A bucket is ``10-20`` (percent of hole pixels), ``all``, ``regular`` or
``as_they_are``, with the border's rule behind it where there is one: ``10-20_touch``. No key has a dot, which W&B would
take for nesting.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from inpaintlab.records.cells import Cell, View, own_output
from inpaintlab.records.measures import TABLE, column_name

TRAIN, EVALUATE = "train", "evaluate"
CONFIG = ("model", "data", "mask", "hardware", "seed", "size", "channels", "batch_size")
"""Keys of every training run's config; an evaluation has all but hardware and batch_size."""
ITERATION = "iteration"
HOLE_RATIO = "hole_ratio"
EXTREME = {"higher": "max", "lower": "min"}
"""W&B's word for the best value, by which side is better."""
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
        {
            "name": f"val/{column_name(measure.name, region)}",
            "step_metric": ITERATION,
            "summary": EXTREME[measure.better],
        }
        for measure in TABLE
        for region in ("full", "hole")
        if measure.better and region in measure.regions
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


class NumberKey(NamedTuple):
    """What one number of an evaluation is."""

    protocol: str
    region: str
    """As ``region_key`` names it."""
    cell: Cell
    measure: str

    @property
    def summary_key(self) -> str:
        """The key of the number."""
        return f"{self.protocol}/{self.region}/{self.cell.key}/{self.measure}"

    @property
    def curve_key(self) -> str:
        """The key of the measure over ``hole_ratio``."""
        return f"by_ratio/{self.protocol}/{self.region}/{self.measure}"


def region_key(view: View, blind: bool) -> str:
    """Name a view's region in a key; ``blind`` is the model's."""
    return view.region if view.output == own_output(blind) else f"{view.region}_{view.output}"
