"""Panels that the workspace and the report share: a measure over the hole ratio, by bucket, over training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.records.markdown import MEASURES, bucket_name
from inpaintlab.tracking import schema

REGIONS = ("full", "hole", "boundary")


@dataclass(frozen=True)
class Selection:
    """What is compared: each measure in each region of one protocol, by bucket; ``UserError`` for a word unknown."""

    protocol: str
    measures: Sequence[str]
    regions: Sequence[str]
    buckets: Sequence[Sequence[float] | str | None]

    def __post_init__(self) -> None:
        for key, given, known in (("measures", self.measures, MEASURES), ("regions", self.regions, REGIONS)):
            if unknown := [word for word in given if word not in known]:
                raise UserError(f"{key}: {', '.join(unknown)}: expected some of {', '.join(known)}")

    def places(self, measure: str) -> list[str]:
        """Return the regions that the measure exists in."""
        return ["full"] if measure in schema.DISTRIBUTIONS else list(self.regions)


def by_ratio(choice: Selection, measure: str) -> list[Any]:
    """Return a line plot over the hole ratio for each region."""
    import wandb_workspaces.reports.v2 as wr

    return [
        wr.LinePlot(
            title=f"{name(measure, region)} by hole ratio",
            x=schema.HOLE_RATIO,
            y=[schema.curve_key(choice.protocol, region, measure)],
            title_x="hole ratio",
            title_y=name(measure, region),
        )
        for region in choice.places(measure)
    ]


def by_bucket(choice: Selection, measure: str) -> list[Any]:
    """Return a bar plot for each bucket and region, with a bar for each model and mask of the run set's grouping."""
    import wandb_workspaces.reports.v2 as wr

    return [
        wr.BarPlot(
            title=f"{name(measure, region)}, holes {bucket_name(bucket)}",
            metrics=[wr.SummaryMetric(schema.summary_key(choice.protocol, region, schema.bucket_key(bucket), measure))],
            title_x=name(measure, region),
        )
        for bucket in choice.buckets
        for region in choice.places(measure)
    ]


def over_training() -> list[Any]:
    """Return what is watched while models train."""
    import wandb_workspaces.reports.v2 as wr

    measures = ("psnr_hole", "ssim_hole", "l1_hole", "psnr")
    return [
        wr.LinePlot(title=key, x=schema.ITERATION, y=[key], title_x="iteration")
        for key in ("train/loss", *(f"val/{measure}" for measure in measures))
    ]


def table(key: str) -> Any:
    """Return the rows of all runs' tables of this key, one below the other."""
    import wandb_workspaces.reports.v2 as wr

    return wr.WeavePanelSummaryTable(table_name=key, layout=wr.Layout(w=24, h=12))


def name(measure: str, region: str) -> str:
    """Name a measure for people, and say which value is better."""
    _, better = MEASURES[measure]
    return f"{measure.replace('_', ' ').upper()}, {region}" + (f" ({better.__name__} is best)" if better else "")
