"""``inpaintlab sweep-status``: how far the jobs of a sweep are, read off their folders while it runs or afterwards."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors
from inpaintlab.sweeps.status import show


@hydra.main(config_path=FOLDER, config_name="sweep_status", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    if cfg.experiment is None:
        found = sorted(path.name for path in Path(cfg.runs, "sweeps").glob("*") if path.is_dir())
        raise UserError(f"experiment=<name> is needed; sweeps below {cfg.runs}: {', '.join(found) or 'none'}")
    show(Path(cfg.runs, "sweeps", cfg.experiment))


if __name__ == "__main__":
    main()
