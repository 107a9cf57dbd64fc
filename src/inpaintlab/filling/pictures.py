"""Fill the holes of a picture file, or of all pictures of a folder.

Each result has its picture's own size, with the known pixels' 8-bit values unchanged, EXIF (upright), colour profile,
resolution and transparency kept or told; filled pixels are opaque. One bad file does not stop the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError, one_line
from inpaintlab.basics.files import write_png
from inpaintlab.data.picture_files import PictureFile, read_picture, write_picture
from inpaintlab.filling.fillers import Filler, find_filler, load_filler
from inpaintlab.filling.holes import Box, hole_for, read_box
from inpaintlab.filling.jobs import Job, check_targets, list_jobs, told_others
from inpaintlab.filling.pixels import fill_picture
from inpaintlab.filling.settings import check_config, check_masks
from inpaintlab.filling.sheet import compose_sheet, red_hole, row
from inpaintlab.models.loading import name_of

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

    def fail(self, job: Job, error: Exception) -> str:
        """Keep why a picture has no result, and return the line; no error of the user's is told with its kind."""
        message = str(error) or type(error).__name__
        if not isinstance(error, UserError | OSError):
            message = f"{type(error).__name__}: {message.splitlines()[0]}"
        self.failed.append(message if job.image.name in message else f"{job.image}: {message}")
        return f"failed: {self.failed[-1]}"

    def summary(self) -> str:
        """Say it in lines."""
        lines = [f"notice: {notice}" for notice in dict.fromkeys(self.notices)]
        lines += [f"failed: {message}" for message in self.failed]
        skipped = f", {self.skipped} without a mask skipped" if self.skipped else ""
        return "\n".join([*map(one_line, lines), f"{len(self.written)} written, {len(self.failed)} failed{skipped}"])


def predict(cfg: DictConfig, say: Callable[[str], None] = lambda line: print(one_line(line), flush=True)) -> Outcome:
    """Fill all pictures and return what became of them; ``say`` gets a line for each as it is done."""
    check_config(cfg)
    box = read_box(cfg.box)
    jobs = list_jobs(cfg)
    output = Path(cfg.output)
    several = len(cfg.models) > 0
    folders = [output / folder_name(name) for name in cfg.models] if several else [output]
    extra = [output / "sheet"] * several + [output / "side_by_side"] * cfg.side_by_side
    check_targets(jobs, folders, extra)
    outcome = Outcome(notices=[told] if (told := told_others(Path(cfg.images)).lstrip("; ")) else [])
    models: dict[str, Filler] = {}
    for number, job in enumerate(jobs, 1):
        try:
            opened = open_job(job, box, cfg, outcome)
        except Exception as error:  # whatever one file raises, the others go on
            lines = [outcome.fail(job, error)]
        else:
            # Behind the first picture that is as it should be: what is wrong with files is told before torch is there.
            models = models or load_models(cfg)
            try:
                lines = fill_job(job, opened, models, folders, cfg, outcome)
            except Exception as error:
                lines = [outcome.fail(job, error)]
        for line in lines:
            say(f"[{number}/{len(jobs)}] {line}")
    return outcome


def folder_name(model: str) -> str:
    """Name the folder of one of several models: its own name, or its checkpoint's run."""
    return name_of(model, None).replace("/", "-") if Path(model).suffix else model


def load_models(cfg: DictConfig) -> dict[str, Filler]:
    """Return {name: model} of all that are asked for; ``UserError`` for one that cannot do what is asked."""
    how = cfg.device, cfg.strategy, cfg.trust
    if cfg.ckpt is not None or cfg.model is not None:
        models = {"": load_filler(cfg.ckpt, cfg.model, *how)}
    elif cfg.models:
        names = [folder_name(name) for name in cfg.models]
        if len(set(names)) < len(names):
            raise UserError(f"models: two would share the folder of one name: {', '.join(names)}; give each once")
        models = {folder_name(name): find_filler(name, *how) for name in cfg.models}
    else:
        name = DEFAULTS[0] if find_spec("patchmatch") else DEFAULTS[1]
        models = {name: find_filler(name, *how)}
    for model in models.values():
        check_masks(cfg, model)
        set_refining(model, cfg.refine)
    return models


def set_refining(model: Filler, refine: bool | None) -> None:
    """Let the model refine its answers or not, against how it was trained; refuse one that cannot."""
    if refine is None:
        return
    if model.refining is None:
        raise UserError(f"refine={refine}: {type(model).__name__} has no refinement; leave the word out")
    model.refining = refine


Opened = tuple[PictureFile, np.ndarray | None]
"""A picture and its hole (H, W) bool; None for a blind model."""


def open_job(job: Job, box: Box | None, cfg: DictConfig, outcome: Outcome) -> Opened | None:
    """Read a picture and its hole; None for one without a mask that is to be skipped."""
    blind = cfg.masks is None and cfg.box is None  # or the model will refuse
    if not blind and job.mask is None and box is None and cfg.missing == "skip":
        outcome.skipped += 1
        return None
    source = read_picture(job.image)
    outcome.notices += source.notices
    return source, None if blind else find_hole(job, source, box, cfg, outcome)


def fill_job(
    job: Job,
    opened: Opened | None,
    models: dict[str, Filler],
    folders: Sequence[Path],
    cfg: DictConfig,
    outcome: Outcome,
) -> list[str]:
    """Fill one picture with every model and write the results; return a line about each."""
    if opened is None:
        return [f"{job.image.name}: no mask, skipped"]
    source, hole = opened
    panels, lines = [], []
    for folder, (name, model) in zip(folders, models.items(), strict=True):
        filled = fill_picture(model, source.pixels, hole, cfg.strategy, cfg.feather)
        write(folder / job.name, filled.pixels, source, hole, job, cfg, outcome)
        panels.append((f"{name}  {filled.seconds:.2f} s", filled.pixels))
        lines.append(f"{folder / job.name}  {filled.seconds:.2f} s{f'  ({filled.how})' if filled.how else ''}")
    if cfg.models or cfg.side_by_side:
        show(source.pixels, hole, panels, job, cfg)
    return lines


def show(
    pixels: np.ndarray, hole: np.ndarray | None, fills: list[tuple[str, np.ndarray]], job: Job, cfg: DictConfig
) -> None:
    """Write what lays the fills of one picture, (label, pixels), beside it."""
    panels = [("original", pixels), *([("hole", red_hole(pixels, hole))] if hole is not None else []), *fills]
    if cfg.models:
        write_png((Path(cfg.output) / "sheet" / job.name).with_suffix(".png"), compose_sheet(panels))
    if cfg.side_by_side:
        write_png((Path(cfg.output) / "side_by_side" / job.name).with_suffix(".png"), row(panels))


def find_hole(job: Job, source: PictureFile, box: Box | None, cfg: DictConfig, outcome: Outcome) -> np.ndarray:
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
