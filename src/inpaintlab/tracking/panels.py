"""Panels that the workspace and the report share: a measure over the hole ratio, by bucket, over training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpaintlab.basics.errors import check_some_of
from inpaintlab.records.cells import ALL, Bucket, Cell
from inpaintlab.records.measures import MEASURES, REGIONS, watched_columns
from inpaintlab.tracking import schema


@dataclass(frozen=True)
class Selection:
    """What is compared: each measure in each region of one protocol, by bucket; ``UserError`` for a word unknown."""

    protocol: str
    measures: Sequence[str]
    regions: Sequence[str]
    buckets: Sequence[Sequence[float] | str | None]

    def __post_init__(self) -> None:
        for key, given, known in (("measures", self.measures, MEASURES), ("regions", self.regions, REGIONS)):
            check_some_of(key, given, known)

    def places(self, measure: str) -> list[str]:
        """Return the regions that the measure exists in."""
        return [region for region in self.regions if region in MEASURES[measure].regions] or ["full"]

    def place(self, measure: str, region: str, bucket: Bucket) -> schema.NumberKey:
        """Return what one number is."""
        return schema.NumberKey(self.protocol, region, Cell(bucket), measure)


def by_ratio(choice: Selection, measure: str) -> list[Any]:
    """Return a line plot over the hole ratio for each region."""
    import wandb_workspaces.reports.v2 as wr

    return [
        wr.LinePlot(
            title=f"{name(measure, region)} by hole ratio",
            x=schema.HOLE_RATIO,
            y=[choice.place(measure, region, ALL).curve_key],
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
            title=f"{name(measure, region)}, holes {bucket}",
            metrics=[wr.SummaryMetric(choice.place(measure, region, bucket).summary_key)],
            title_x=name(measure, region),
        )
        for bucket in map(Bucket.read, choice.buckets)
        for region in choice.places(measure)
    ]


def over_training() -> list[Any]:
    """Return what is watched while models train."""
    import wandb_workspaces.reports.v2 as wr

    return [
        wr.LinePlot(title=key, x=schema.ITERATION, y=[key], title_x="iteration")
        for key in ("train/loss", *(f"val/{column}" for column in watched_columns()))
    ]


def table(key: str) -> Any:
    """Return the rows of all runs' tables of this key, one below the other."""
    import wandb_workspaces.reports.v2 as wr

    return wr.WeavePanelSummaryTable(table_name=key, layout=wr.Layout(w=24, h=12))


def name(measure: str, region: str) -> str:
    """Name a measure for people, and show which side is better."""
    return f"{MEASURES[measure].heading}, {region}"
