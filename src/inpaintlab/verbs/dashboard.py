"""``inpaintlab dashboard entity=<you>``: create or update the W&B workspace and the report that compare models.

A second call writes over the same two pages. ``dry=true`` writes what would be sent into a JSON file,
{"workspace": ..., "report": ...}, and needs neither a key nor a network.

    inpaintlab dashboard entity=me
    inpaintlab dashboard entity=me project=faces protocol=lama measures=[psnr,lpips]
    inpaintlab dashboard entity=me dry=true output=pages.json
"""

import importlib.util
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json
from inpaintlab.basics.running import verb
from inpaintlab.tracking import panels, runs, wandb_report, workspace


def dashboard(cfg: DictConfig) -> list[str]:
    """Return the addresses of both pages, or the path of the file of a dry call."""
    if importlib.util.find_spec("wandb_workspaces") is None:
        raise UserError("dashboard: wandb-workspaces is not installed; run: pip install 'inpaintlab[dashboard]'")
    given = OmegaConf.to_container(cfg)
    choice = panels.Selection(cfg.choices.protocol, given["measures"], given["regions"], given["buckets"])
    if not cfg.dry:
        runs.check_login("; dry=true writes what would be sent into a file")
    pages = [module.build(cfg.entity, cfg.project, choice) for module in (workspace, wandb_report)]
    if cfg.dry:
        names, modules = ("workspace", "report"), (workspace, wandb_report)
        specifications = [module.specification(page) for module, page in zip(modules, pages, strict=True)]
        write_json(Path(cfg.output), dict(zip(names, specifications, strict=True)))
        return [cfg.output]
    return send(pages)


def send(pages: list[object]) -> list[str]:
    """Save the workspace and the report; ``UserError`` for what W&B refuses."""
    import wandb

    try:
        # The report first: it makes the project where there is none.
        report_address = wandb_report.save(pages[1])
        return [workspace.save(pages[0]), report_address]
    except (wandb.Error, ValueError) as error:
        raise UserError(f"W&B: {error}") from error


@verb("dashboard")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    for place in dashboard(cfg):
        print(place)


if __name__ == "__main__":
    main()
