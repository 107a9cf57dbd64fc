"""``inpaintlab predict``: fill the holes of a picture or of all pictures of a folder."""

import sys

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.filling.pictures import predict


@hydra.main(config_path=FOLDER, config_name="predict", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Run the verb; the exit status is 1 if a picture failed."""
    outcome = predict(cfg)
    print(outcome.summary())
    sys.exit(1 if outcome.failed else 0)


if __name__ == "__main__":
    main()
