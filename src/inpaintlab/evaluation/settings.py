"""What can be refused before torch is imported."""

from collections.abc import Collection, Iterable
from importlib.util import find_spec

from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError

PICTURE_MEASURES = ("psnr", "ssim", "l1", "ms_ssim", "lpips")
"""What can be asked for of each picture; ``lpips`` is of the networks that the protocol names."""
SET_MEASURES = ("fid", "kid", "inception_score", "ids")
"""What can be asked for of each cell as a whole; ``ids`` is P-IDS and U-IDS."""
TRAVELS = ("eval_fit", "zoom", "interpolation")
"""How pictures are cut and resized: what a checkpoint brings along from its training, besides size and channels."""
BORDERS = ("any", "touch", "clear", "free")
PAIRINGS = ("each", "once")


def check_words(cfg: DictConfig) -> None:
    """Refuse words that no evaluation could follow."""
    if cfg.split not in ("train", "val", "test"):
        raise UserError(f"split={cfg.split}: expected test, val or train")
    if cfg.limit is not None and cfg.limit < 1:
        raise UserError(f"limit={cfg.limit}: expected at least 1 picture, or null for all")
    if cfg.pairing not in PAIRINGS:
        raise UserError(f"pairing={cfg.pairing}: expected each or once")
    if not (cfg.save == "all" or (isinstance(cfg.save, int) and cfg.save >= 0)):
        raise UserError(f"save={cfg.save}: expected a number of pictures for each bucket and border, all, or 0")
    if not (isinstance(cfg.devices, int) and cfg.devices >= 1):
        raise UserError(f"devices={cfg.devices}: expected a number of processes, 1 or more")
    check_some("measures", cfg.measures, (*PICTURE_MEASURES, *SET_MEASURES))
    if "ids" in cfg.measures and find_spec("sklearn") is None:
        raise UserError("measures: ids needs scikit-learn; pip install 'inpaintlab[metrics]'")
    if cfg.buckets is not None and not cfg.buckets and not cfg.regular:
        raise UserError("buckets=[]: expected at least one; buckets=null takes the masks as they are")
    if cfg.borders is not None:
        check_some("borders", cfg.borders, BORDERS)
    if not cfg.protocols:
        raise UserError("protocol=[]: expected at least one; the default is protocol=standard")


def is_given(key: str, words: Iterable[str]) -> bool:
    """Tell whether the words of a call give this key of ``data``."""
    return any(word.lstrip("+").startswith((f"data.{key}=", f"paper.{key}=")) for word in words)


def check_some(name: str, given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse an empty list, and one that names what there is not."""
    if not given or not set(given) <= set(allowed):
        raise UserError(f"{name}=[{','.join(map(str, given))}]: expected some of {', '.join(allowed)}")
