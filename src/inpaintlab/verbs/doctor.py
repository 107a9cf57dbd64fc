"""``inpaintlab doctor``: what ``train`` with the same words would do, tried in a minute, before it takes days."""

import sys

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.training.doctor import examine
from inpaintlab.verbs.train import choose_quickstart


@hydra.main(config_path=FOLDER, config_name="train", version_base="1.3")
@report_errors
def compose_and_examine(cfg: DictConfig) -> None:
    """Run the verb."""
    examine(cfg)


def main() -> None:
    """As ``train``, no ``model=`` among the words means the quickstart; no folder is made for a run."""
    choose_quickstart()
    sys.argv += ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=stdout"]
    compose_and_examine()


if __name__ == "__main__":
    main()
