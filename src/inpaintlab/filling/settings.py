"""What ``predict`` may be asked for: the strategies' names, and the checks of its words. Free of torch."""

from typing import TYPE_CHECKING, Literal, get_args

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.data.picture_files import WRITERS
from inpaintlab.models.loading import check_given

if TYPE_CHECKING:
    from inpaintlab.filling.fillers import Filler

Strategy = Literal["auto", "whole", "crop", "tiles", "two_scale"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


def check_config(cfg: DictConfig) -> None:
    """Refuse what no picture could be filled with."""
    if OmegaConf.is_missing(cfg, "images"):
        raise UserError("images=<file or folder> is needed: the pictures to fill")
    if cfg.models and (cfg.ckpt is not None or cfg.model is not None):
        raise UserError("models=[...] takes the place of model= and ckpt=; name all of them there")
    if cfg.ckpt is not None or cfg.model is not None:
        check_given(cfg.ckpt, cfg.model)
    for key, allowed in (
        ("hole_is", ("white", "black")),
        ("channel", ("luma", "alpha")),
        ("missing", ("fail", "skip", "copy")),
        ("output_format", ("same", *WRITERS)),
        ("strategy", STRATEGIES),
    ):
        if cfg[key] not in allowed:
            raise UserError(f"{key}={cfg[key]}: expected {', '.join(allowed[:-1])} or {allowed[-1]}")
    if cfg.threshold is not None and not (type(cfg.threshold) in (int, float) and 0 <= cfg.threshold < 1):
        raise UserError(f"threshold={cfg.threshold}: expected a share of full white, 0 <= threshold < 1, or null")
    if cfg.refine not in (None, True, False):
        raise UserError(f"refine={cfg.refine}: expected true, false or null")
    for key, low, high in (("grow", 0, 10_000), ("feather", 0, 10_000), ("quality", 1, 100)):
        if type(cfg[key]) is not int or not low <= cfg[key] <= high:
            raise UserError(f"{key}={cfg[key]}: expected a whole number from {low} to {high}")


def check_masks(cfg: DictConfig, model: "Filler") -> None:
    """Refuse a blind model with masks, and any other without a hole."""
    if model.blind and (cfg.masks is not None or cfg.box is not None):
        raise UserError(f"masks={cfg.masks}: {type(model).__name__} is blind and takes none; leave masks and box out")
    if not model.blind and cfg.masks is None and cfg.box is None:
        raise UserError(
            f"masks=<file or folder> or box=x,y,w,h is needed: {type(model).__name__} must be told where the holes are"
        )
