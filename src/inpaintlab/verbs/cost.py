"""``inpaintlab cost``: count what a model is made of, and measure what it takes to fill a picture with it."""

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.evaluation.cost import cost


@hydra.main(config_path=FOLDER, config_name="cost", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    cost(cfg)


if __name__ == "__main__":
    main()
