"""``inpaintlab shard``: pack any data set into a few large files, for data that are read over a network."""

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.data.shard_writer import shard


@hydra.main(config_path=FOLDER, config_name="shard", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Write what the command line asks for."""
    shard(cfg)


if __name__ == "__main__":
    main()
