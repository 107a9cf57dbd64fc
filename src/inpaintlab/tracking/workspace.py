"""The W&B workspace that compares models: a section for each measure, then pictures, validation and training.

wandb-workspaces tells a saved view by the view's internal name and id; it gives a new view a random name. Ours has
a name of its own, ``nw-inpaintlab-v`` (``?nw=inpaintlab`` in its address), so the next call finds it and writes over
it, whatever it is called on the page.
"""

from typing import Any

from inpaintlab.records.measures import MEASURES
from inpaintlab.tracking import panels, schema

VIEW = "inpaintlab"
COLUMNS = ("config:model.value", "config:data.value", "config:mask.value", "config:seed.value")


def build(entity: str, project: str, choice: panels.Selection) -> Any:
    """Return the workspace; nothing is sent."""
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces.expr import Config

    measured = [
        ws.Section(
            name=MEASURES[measure].title,
            panels=[*panels.by_ratio(choice, measure), *panels.by_bucket(choice, measure)],
            is_open=True,
            layout_settings=ws.SectionLayoutSettings(columns=4, rows=2),
        )
        for measure in choice.measures
    ]
    workspace = ws.Workspace(
        entity=entity,
        project=project,
        name=f"Inpainting, {choice.protocol} protocol",
        sections=[
            *measured,
            ws.Section(name="Evaluated pictures", panels=[panels.table(schema.PICTURES)]),
            ws.Section(name="Training", panels=panels.over_training()),
            ws.Section(name="Pictures while training", panels=[panels.table(schema.SAMPLES)]),
        ],
        runset_settings=ws.RunsetSettings(
            groupby=[Config("model"), Config("mask")],
            pinned_columns=["run:displayName", "run:jobType", *COLUMNS],
        ),
    )
    workspace._internal_name = f"nw-{VIEW}-v"
    return workspace


def specification(workspace: Any) -> dict[str, Any]:
    """Return what is sent, as plain data."""
    return dict(workspace._to_model().model_dump(mode="json", by_alias=True, exclude_none=True))


def save(workspace: Any) -> str:
    """Create the view, or write over the one that is there, and return its address."""
    import wandb
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces._graphql import get_app_url

    address = f"{get_app_url(wandb.Api()).rstrip('/')}/{workspace.entity}/{workspace.project}?nw={VIEW}"
    try:
        workspace._internal_id = ws.Workspace.from_url(address)._internal_id
    except ValueError as error:  # the library's word for "no such view"
        if f"Workspace `{VIEW}` not found" not in str(error):
            raise
    workspace.save()
    return address
