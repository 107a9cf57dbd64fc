"""The W&B report that compares models by mask and bucket.

W&B tells a report by its id alone. Ours is found again by the first words of its description, MARK, among the
project's reports, so it may be given another title in the meantime.
"""

from typing import Any

from inpaintlab.records.measures import MEASURES
from inpaintlab.tracking import panels, schema

MARK = "Made by `inpaintlab dashboard`"


def build(entity: str, project: str, choice: panels.Selection) -> Any:
    """Return the report; nothing is sent.

    Its run sets name no project, which means the report's own: the library would ask the server for any other.
    """
    import wandb_workspaces.reports.v2 as wr

    blocks: list[Any] = [
        wr.P(
            f"Evaluations of this project under the protocol `{choice.protocol}`, grouped by model and mask. A bar or "
            "a line is the mean over the runs of its group; hide runs or groups in the run set below a grid."
        ),
        wr.TableOfContents(),
    ]
    for measure in choice.measures:
        bars = panels.by_bucket(choice, measure)
        blocks += [
            wr.H2(MEASURES[measure].title),
            wr.PanelGrid(runsets=[_runs(schema.EVALUATE)], panels=_laid_out(panels.by_ratio(choice, measure) + bars)),
        ]
    for title, job_type, shown in (
        ("All numbers", schema.EVALUATE, [panels.table(schema.ROWS)]),
        ("Distributions", schema.EVALUATE, [panels.table(schema.DISTRIBUTION_ROWS)]),
        ("Pictures", schema.EVALUATE, [panels.table(schema.PICTURES)]),
        ("Training", schema.TRAIN, _laid_out(panels.over_training())),
    ):
        grouped = title == "Training"  # a table is a run's own, and would be lost in a group
        blocks += [wr.H2(title), wr.PanelGrid(runsets=[_runs(job_type, grouped)], panels=shown)]
    return wr.Report(
        entity=entity,
        project=project,
        title="Inpainting: " + ", ".join(MEASURES[measure].title for measure in choice.measures),
        description=f"{MARK}; the next call writes over it.",
        blocks=blocks,
        width="fluid",
    )


def specification(report: Any) -> dict[str, Any]:
    """Return what is sent, as plain data."""
    return dict(report._to_model().model_dump(mode="json", by_alias=True, exclude_none=True))


def save(report: Any) -> str:
    """Create the report, or write over the one that is there, and return its address."""
    import wandb

    project = f"{report.entity}/{report.project}"
    try:
        known = [one.id for one in wandb.Api().reports(project) if (one.description or "").startswith(MARK)]
    except ValueError:  # W&B's word for a project that does not exist yet; saving makes it
        known = []
    report.id = known[0] if known else ""
    report.save()
    return str(report.url)


def _runs(job_type: str, grouped: bool = True) -> Any:
    import wandb_workspaces.reports.v2 as wr

    return wr.Runset(
        name=job_type,
        filters=f"Metric('JobType') == '{job_type}'",
        groupby=["config.model", "config.mask"] if grouped else [],
    )


def _laid_out(placed: list[Any], columns: int = 3) -> list[Any]:
    """NumberKey the panels in rows of ``columns`` on the report's grid, 24 wide."""
    import wandb_workspaces.reports.v2 as wr

    width, height = 24 // columns, 7
    for index, panel in enumerate(placed):
        panel.layout = wr.Layout(x=index % columns * width, y=index // columns * height, w=width, h=height)
    return placed
