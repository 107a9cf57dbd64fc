"""``inpaintlab masks``: write a frozen set of benchmark masks, so that everybody judges on the same holes.

One bit per pixel, hole white, sorted by the share of the hole and by whether it touches the picture's border.

    inpaintlab masks
    inpaintlab masks mask=lama size=256 count=100 output=lama_masks
    inpaintlab masks mask=free_form buckets=[[0.1,0.3]] borders=[any]
"""

from omegaconf import DictConfig

from inpaintlab.basics.running import verb
from inpaintlab.masks.freezing import freeze


@verb("masks")
def main(cfg: DictConfig) -> None:
    """Freeze what the command line asks for."""
    freeze(cfg)


if __name__ == "__main__":
    main()
