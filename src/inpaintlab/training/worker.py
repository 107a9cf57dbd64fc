"""One process of a job: ``main`` trains what ``job.yaml`` of the run folder says, the last word of the command."""

import sys
from pathlib import Path

from omegaconf import OmegaConf

from inpaintlab.basics.collecting import collect_seldom_while_importing
from inpaintlab.basics.messages import report_errors
from inpaintlab.training.launch import CONFIG
from inpaintlab.training.train import train


def main() -> None:
    """Run the saved job; a user's error ends with one line and status 2."""
    collect_seldom_while_importing()
    folder = Path(sys.argv[-1])
    report_errors(lambda cfg: train(cfg, folder))(OmegaConf.load(folder / CONFIG))


if __name__ == "__main__":
    main()
