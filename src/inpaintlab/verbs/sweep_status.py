"""``inpaintlab sweep-status``: how far the jobs of a sweep are, read off their folders while it runs or afterwards.

Nothing is started or changed.

    inpaintlab sweep-status
    inpaintlab sweep-status experiment=mine
    inpaintlab sweep-status experiment=mine-small runs=/data/runs
"""

from pathlib import Path

from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.running import verb
from inpaintlab.sweeps.status import show


@verb("sweep_status")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    if cfg.experiment is None:
        found = sorted(path.name for path in Path(cfg.runs, "sweeps").glob("*") if path.is_dir())
        raise UserError(f"experiment=<name> is needed; sweeps below {cfg.runs}: {', '.join(found) or 'none'}")
    show(Path(cfg.runs, "sweeps", cfg.experiment))


if __name__ == "__main__":
    main()
