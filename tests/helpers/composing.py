"""Compose a verb's configuration as its command line would."""

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig

from inpaintlab.basics.configs import FOLDER


def composed(config_name, *overrides):
    with initialize_config_dir(FOLDER, version_base="1.3"):
        cfg = compose(config_name, overrides=list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    return cfg
