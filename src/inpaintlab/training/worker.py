"""One process of a job: ``python -m inpaintlab.training.worker <run folder>`` trains what ``job.yaml`` there says."""

import sys
from pathlib import Path

from omegaconf import OmegaConf

from inpaintlab.basics.messages import report_errors
from inpaintlab.training.launch import CONFIG
from inpaintlab.training.train import train


def main(folder: Path) -> None:
    """Run the saved job; a user's error ends with one line and status 2."""
    report_errors(lambda cfg: train(cfg, folder))(OmegaConf.load(folder / CONFIG))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
