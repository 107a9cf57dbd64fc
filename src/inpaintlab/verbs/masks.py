"""``inpaintlab masks``: write a frozen set of benchmark masks, so that everybody judges on the same holes."""

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.masks.freezing import freeze


@hydra.main(config_path=FOLDER, config_name="masks", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Freeze what the command line asks for."""
    freeze(cfg)


if __name__ == "__main__":
    main()
