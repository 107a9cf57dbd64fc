"""What can be refused before torch is imported."""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError, check_some_of, check_whole
from inpaintlab.records.cells import BORDERS
from inpaintlab.records.measures import usual_words, words_of

PAIRINGS = ("each", "once")
TRAVELS = ("eval_fit", "zoom", "interpolation")
"""How pictures are cut and resized: what a checkpoint brings along from its training, besides size and channels."""


def check_config(cfg: DictConfig) -> None:
    """Refuse words that no evaluation could follow."""
    if cfg.split not in ("train", "val", "test"):
        raise UserError(f"split={cfg.split}: expected test, val or train")
    if cfg.limit is not None and (type(cfg.limit) is not int or cfg.limit < 1):
        raise UserError(f"limit={cfg.limit}: expected at least 1 picture, or null for all")
    check_whole("seed", cfg.seed, 0)
    for name in ("csv", "table"):
        if not isinstance(cfg[name], bool):
            raise UserError(f"{name}={cfg[name]}: expected true or false")
    if cfg.pairing not in PAIRINGS:
        raise UserError(f"pairing={cfg.pairing}: expected each or once")
    if not (cfg.save == "all" or (type(cfg.save) is int and cfg.save >= 0)):
        raise UserError(f"save={cfg.save}: expected a number of pictures for each bucket and border, all, or 0")
    if not (type(cfg.devices) is int and cfg.devices >= 1):
        raise UserError(f"devices={cfg.devices}: expected a number of processes, 1 or more")
    if cfg.measures is not None:
        check_some_of("measures", cfg.measures, words_of("picture", "set"))
    if "ids" in (cfg.measures or ()) and find_spec("sklearn") is None:
        raise UserError("measures: ids needs scikit-learn; pip install 'inpaintlab[metrics]'")
    if cfg.buckets is not None and not OmegaConf.is_list(cfg.buckets):
        raise UserError(f"buckets={cfg.buckets}: expected a list, such as buckets=[[0.1,0.2]], or null")
    if cfg.buckets is not None and not cfg.buckets and not cfg.regular:
        raise UserError("buckets=[]: expected at least one; buckets=null takes the masks as they are")
    if cfg.borders is not None:
        check_some_of("borders", cfg.borders, BORDERS)
    if not cfg.protocols:
        raise UserError("protocol=[]: expected at least one; the default is protocol=standard")


def is_given(key: str, words: Iterable[str]) -> bool:
    """Tell whether the words of a call give this key of ``data``."""
    return any(word.lstrip("+").startswith((f"data.{key}=", f"paper.{key}=")) for word in words)


def measures_of(asked: list[str] | None, protocols: dict[str, Any]) -> list[str]:
    """Return the measures of an evaluation: those asked for, or for null the usual ones that a protocol defines.

    ``protocols`` are the composed nodes. A measure that none of them defines is refused.
    """
    defined = {
        word
        for protocol in protocols.values()
        for words in (*protocol["regions"].values(), protocol["distributions"])
        for word in words
    }
    if asked is None:
        return [word for word in usual_words() if word in defined]
    for word in asked:
        if word not in defined:
            raise UserError(
                f"measures: {word} is defined by none of the protocols {', '.join(protocols)}; "
                "leave it out, or add protocol=standard"
            )
    return list(asked)
