"""Fill the holes of a picture file, or of all pictures of a folder.

Each result has its picture's own size, with the known pixels' 8-bit values unchanged, EXIF (upright), colour profile,
resolution and transparency kept or told; filled pixels are opaque. One bad file does not stop the others.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_png
from inpaintlab.data.picture_files import WRITERS, PictureFile, read_picture, write_picture
from inpaintlab.filling.holes import fade, grown, hole_for, read_box
from inpaintlab.filling.jobs import Job, check_targets, list_jobs, told_others
from inpaintlab.filling.sheet import compose_sheet, red_hole
from inpaintlab.models.loading import check_given, choose_device, load, load_given, name_of

if TYPE_CHECKING:
    from inpaintlab.filling.strategy import Strategy
    from inpaintlab.models.base import InpaintingModule

STRATEGIES = ("auto", "whole", "crop", "tiles", "two_scale")

DEFAULTS = ("patchmatch", "bundled")
"""The model where none is named: the better one by eye in wide holes, or, where its library is missing, our network."""


@dataclass
class Outcome:
    """What became of the pictures."""

    written: list[Path] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """The message for each picture that has no result."""
    skipped: int = 0
    """Pictures without a mask, with ``missing=skip``."""

    def summary(self) -> str:
        """Say it in lines."""
        lines = [f"notice: {notice}" for notice in dict.fromkeys(self.notices)]
        lines += [f"failed: {message}" for message in self.failed]
        skipped = f", {self.skipped} without a mask skipped" if self.skipped else ""
        return "\n".join([*lines, f"{len(self.written)} written, {len(self.failed)} failed{skipped}"])


@dataclass(frozen=True)
class Filled:
    """One picture as one model filled it."""

    pixels: np.ndarray
    """(H, W, 1 or 3) uint8."""
    seconds: float
    how: str
    """What the strategy chose; may be empty."""


def predict(cfg: DictConfig, say: Callable[[str], None] = lambda line: print(line, flush=True)) -> Outcome:
    """Fill all pictures and return what became of them; ``say`` gets a line for each as it is done."""
    check_config(cfg)
    box = read_box(cfg.box)
    jobs = list_jobs(cfg)
    output = Path(cfg.output)
    several = len(cfg.models) > 0
    folders = [output / folder_name(name) for name in cfg.models] if several else [output]
    extra = [output / "sheet"] * several + [output / "side_by_side"] * cfg.side_by_side
    check_targets(jobs, folders, extra)
    models = load_models(cfg)
    for model in models.values():
        check_masks(cfg, model)
        set_refining(model, cfg.refine)

    outcome = Outcome(notices=[told] if (told := told_others(Path(cfg.images)).lstrip("; ")) else [])
    for number, job in enumerate(jobs, 1):
        try:
            lines = fill_job(job, models, folders, box, cfg, outcome)
        except Exception as error:  # whatever one file raises, the others go on
            outcome.failed.append(failure(job, error))
            lines = [f"failed: {outcome.failed[-1]}"]
        for line in lines:
            say(f"[{number}/{len(jobs)}] {line}")
    return outcome


def failure(job: Job, error: Exception) -> str:
    """Say why a picture has no result; what is no error of the user's is told with its kind."""
    message = str(error) or type(error).__name__
    if not isinstance(error, UserError | OSError):
        message = f"{type(error).__name__}: {message.splitlines()[0]}"
    return message if job.image.name in message else f"{job.image}: {message}"


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


def folder_name(model: str) -> str:
    """Name the folder of one of several models: its own name, or its checkpoint's run."""
    return name_of(model, None).replace("/", "-") if Path(model).suffix else model


def load_models(cfg: DictConfig) -> dict[str, "InpaintingModule"]:
    """Return {name: model} of all that are asked for."""
    device = choose_device(cfg.device)
    if cfg.ckpt is not None or cfg.model is not None:
        return {"": load_given(cfg.ckpt, cfg.model, device, cfg.trust)[0]}
    if not cfg.models:
        name = DEFAULTS[0] if find_spec("patchmatch") else DEFAULTS[1]
        return {name: load(name, device)}
    names = [folder_name(name) for name in cfg.models]
    if len(set(names)) < len(names):
        raise UserError(f"models: two would share the folder of one name: {', '.join(names)}; give each once")
    return {folder_name(name): load(name, device, cfg.trust) for name in cfg.models}


def check_masks(cfg: DictConfig, model: "InpaintingModule") -> None:
    """Refuse a blind model with masks, and any other without a hole."""
    if model.blind and (cfg.masks is not None or cfg.box is not None):
        raise UserError(f"masks={cfg.masks}: {type(model).__name__} is blind and takes none; leave masks and box out")
    if not model.blind and cfg.masks is None and cfg.box is None:
        raise UserError(
            f"masks=<file or folder> or box=x,y,w,h is needed: {type(model).__name__} must be told where the holes are"
        )


def set_refining(model: "InpaintingModule", refine: bool | None) -> None:
    """Let the model refine its answers or not, against how it was trained; refuse one that cannot."""
    if refine is None:
        return
    if model.refining is None:
        raise UserError(f"refine={refine}: {type(model).__name__} has no refinement; leave the word out")
    model.refining = refine


def fill_job(
    job: Job,
    models: dict[str, "InpaintingModule"],
    folders: Sequence[Path],
    box: tuple[int, int, int, int] | None,
    cfg: DictConfig,
    outcome: Outcome,
) -> list[str]:
    """Fill one picture with every model and write the results; return a line about each."""
    blind = all(model.blind for model in models.values())
    if not blind and job.mask is None and box is None and cfg.missing == "skip":
        outcome.skipped += 1
        return [f"{job.image.name}: no mask, skipped"]
    source = read_picture(job.image)
    outcome.notices += source.notices
    hole = None
    if not blind:
        hole = find_hole(job, source, box, cfg, outcome)
    panels, lines = [], []
    for folder, (name, model) in zip(folders, models.items(), strict=True):
        filled = fill_picture(model, source.pixels, hole, cfg)
        write(folder / job.name, filled.pixels, source, hole, job, cfg, outcome)
        panels.append((f"{name}  {filled.seconds:.2f} s", filled.pixels))
        lines.append(f"{folder / job.name}  {filled.seconds:.2f} s{f'  ({filled.how})' if filled.how else ''}")
    shown = [("original", source.pixels)]
    if hole is not None:
        shown.append(("hole", red_hole(source.pixels, hole)))
    if len(models) > 1 or cfg.models:
        write_png((Path(cfg.output) / "sheet" / job.name).with_suffix(".png"), compose_sheet([*shown, *panels]))
    if cfg.side_by_side:
        write_png((Path(cfg.output) / "side_by_side" / job.name).with_suffix(".png"), row([*shown, *panels]))
    return lines


def find_hole(
    job: Job, source: PictureFile, box: tuple[int, int, int, int] | None, cfg: DictConfig, outcome: Outcome
) -> np.ndarray:
    """Return the hole of one picture, (H, W) bool; without a mask an empty one where that is to be copied."""
    size = source.pixels.shape[:2]
    if job.mask is None and box is None:
        if cfg.missing == "copy":
            return np.zeros(size, bool)
        raise UserError(
            f"{job.image}: no mask called {job.name.stem} in {cfg.masks}; missing=skip or copy goes on without it"
        )
    hole, notices = hole_for((size[0], size[1]), job.mask, box, cfg)
    outcome.notices += notices
    if not hole.any():
        outcome.notices.append(
            f"{job.mask or 'box'}: no hole with hole_is={cfg.hole_is}; {job.image.name} is written unchanged"
        )
    return hole


def fill_picture(model: "InpaintingModule", pixels: np.ndarray, hole: np.ndarray | None, cfg: DictConfig) -> Filled:
    """Fill (H, W, C) uint8, fading into the picture where that is asked for."""
    begun = time.perf_counter()
    if hole is not None and not hole.any():
        return Filled(pixels, 0.0, "")
    said: list[str] = []
    wide = hole if hole is None or not cfg.feather else grown(hole, cfg.feather)
    completed = complete(model, pixels, wide, cfg.strategy, said.append)
    if hole is not None and cfg.feather:
        weight = fade(hole, cfg.feather)[..., None]
        completed = np.rint(weight * completed + (1 - weight) * pixels).astype(np.uint8)
    return Filled(completed, time.perf_counter() - begun, "; ".join(said))


def complete(
    model: "InpaintingModule",
    pixels: np.ndarray,
    hole: np.ndarray | None,
    strategy: "Strategy" = "auto",
    notify: Callable[[str], None] = lambda line: None,  # noqa: ARG005
) -> np.ndarray:
    """Fill (H, W, C) uint8 where ``hole`` (H, W) is True; a blind model (None) may change every pixel.

    A colour model sees grey as colour, and its answer is turned to grey; a grey model fills each channel by itself.
    """
    import torch

    from inpaintlab.filling import strategy as strategies

    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(model.device).float() / 255
    there = torch.from_numpy(np.array(np.zeros(pixels.shape[:2], bool) if hole is None else hole)).to(image.device)
    completed = strategies.complete(model, image, there[None, None], strategy, notify)
    filled = completed[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    return filled if hole is None else np.where(hole[..., None], filled, pixels)


def write(
    path: Path,
    pixels: np.ndarray,
    source: PictureFile,
    hole: np.ndarray | None,
    job: Job,
    cfg: DictConfig,
    outcome: Outcome,
) -> None:
    """Write one result; what was filled is opaque."""
    alpha = source.alpha
    if alpha is not None and hole is not None:
        alpha = np.where(hole, 255, alpha).astype(np.uint8)
    outcome.notices += write_picture(path, pixels, source, alpha, job.kind, cfg.quality)
    if job.kind in ("jpg", "webp"):
        outcome.notices.append(f"{job.kind} is lossy: known pixels change a little too; output_format=png keeps them")
    outcome.written.append(path)


def row(panels: Sequence[tuple[str, np.ndarray]]) -> Image.Image:
    """Lay pictures of one size beside each other."""
    colours = [np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels for _, pixels in panels]
    return Image.fromarray(np.concatenate(colours, axis=1))
