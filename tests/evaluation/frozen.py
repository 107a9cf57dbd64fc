"""A small frozen set of masks."""

from hydra import compose, initialize_config_dir

from inpaintlab.basics.configs import FOLDER
from inpaintlab.masks.freezing import freeze


def freeze_set(folder, *words):
    """Two masks of 32 px in each of two buckets and two borders."""
    small = ["size=32", "count=2", "buckets=[[0.1,0.2],[0.4,0.5]]", f"output={folder}"]
    with initialize_config_dir(FOLDER, version_base="1.3"):
        cfg = compose("masks", overrides=[*small, *words])
    freeze(cfg)
    return folder
