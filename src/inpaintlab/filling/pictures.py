"""``inpaintlab predict``: fill the holes of a picture or of all pictures of a folder.

Each result is ``<output>/<name>.png`` at the picture's own size, with the known pixels' 8-bit values unchanged, EXIF
(upright), colour profile and transparency kept; filled pixels are opaque. One bad file does not stop the others.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import pictures
from inpaintlab.data.picture_files import read_picture, write_picture
from inpaintlab.masks.reading import read_hole
from inpaintlab.models.loading import check_given, choose_device, load_given

if TYPE_CHECKING:
    from inpaintlab.models.base import InpaintingModule


@dataclass
class Outcome:
    """What became of the pictures."""

    written: list[Path] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """The message for each picture that has no result."""

    def summary(self) -> str:
        """Say it in lines."""
        lines = [f"notice: {notice}" for notice in self.notices] + [f"failed: {message}" for message in self.failed]
        return "\n".join([*lines, f"{len(self.written)} written, {len(self.failed)} failed"])


@dataclass(frozen=True)
class Job:
    """One picture to fill."""

    image: Path
    mask: Path | None
    target: Path


def predict(cfg: DictConfig) -> Outcome:
    """Fill all pictures and return what became of them."""
    check_given(cfg.ckpt, cfg.model)
    check_config(cfg)
    jobs = list_jobs(cfg)
    model, _ = load_given(cfg.ckpt, cfg.model, choose_device(cfg.device), cfg.trust)
    check_masks(cfg.masks, model)
    set_refining(model, cfg.refine)

    import torch

    outcome = Outcome()
    for job in jobs:
        try:
            outcome.notices += fill(job, model, cfg)
            outcome.written.append(job.target)
        except (UserError, OSError) as error:
            message = str(error)
            outcome.failed.append(message if job.image.name in message else f"{job.image}: {message}")
        except torch.OutOfMemoryError:
            outcome.failed.append(f"{job.image}: too large for the memory of {model.device}; use device=cpu or a crop")
    return outcome


def check_config(cfg: DictConfig) -> None:
    """Refuse missing pictures and what no mask file could be read with."""
    if OmegaConf.is_missing(cfg, "images"):
        raise UserError("images=<file or folder> is needed: the pictures to fill")
    if cfg.hole_is not in ("white", "black"):
        raise UserError(f"hole_is={cfg.hole_is}: expected white or black")
    if cfg.channel not in ("luma", "alpha"):
        raise UserError(f"channel={cfg.channel}: expected luma or alpha")
    if cfg.threshold is not None and not 0 <= cfg.threshold < 1:
        raise UserError(f"threshold={cfg.threshold}: expected a share of full white, 0 <= threshold < 1, or null")


def list_jobs(cfg: DictConfig) -> list[Job]:
    """Pair every picture with its mask and its result; ``UserError`` if there is nothing to do or names collide."""
    images, output = Path(cfg.images), Path(cfg.output)
    masks = find_masks(cfg.masks)
    if images.is_file():
        root, paths = images.parent, [images]
    elif images.is_dir():
        apart = [folder for folder in (output, Path(cfg.masks or output)) if _below(folder, images)]
        root = images
        paths = [p for p in pictures(images, ["."]) if not any(_below(p, folder) for folder in apart)]
    else:
        raise UserError(f"images={images}: no such file or folder ({images.absolute()})")
    if not paths:
        raise UserError(f"images={images}: no pictures in this folder")
    jobs: dict[Path, Job] = {}
    for path in paths:
        name = path.relative_to(root).with_suffix("")
        target = output / name.with_name(f"{name.name}.png")
        if target in jobs:
            raise UserError(f"images: {jobs[target].image} and {path} would both become {target}; rename one of them")
        jobs[target] = Job(path, masks.get(name) if isinstance(masks, dict) else masks, target)
    return list(jobs.values())


def find_masks(masks: str | None) -> Path | dict[Path, Path] | None:
    """Return the one mask, or the masks of a folder by their names without suffix."""
    if masks is None:
        return None
    folder = Path(masks)
    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise UserError(f"masks={masks}: no such file or folder ({folder.absolute()})")
    found: dict[Path, Path] = {}
    for path in pictures(folder, ["."]):
        name = path.relative_to(folder).with_suffix("")
        if name in found:
            raise UserError(f"masks: {found[name]} and {path} belong to the same picture; remove one of them")
        found[name] = path
    if not found:
        raise UserError(f"masks={masks}: no masks in this folder")
    return found


def _below(path: Path, folder: Path) -> bool:
    path, folder = path.resolve(), folder.resolve()
    return path != folder and path.is_relative_to(folder)


def check_masks(masks: str | None, model: "InpaintingModule") -> None:
    """Refuse a blind model with masks, and any other without."""
    if model.blind and masks is not None:
        raise UserError(f"masks={masks}: {type(model).__name__} is blind and takes none; leave masks out")
    if not model.blind and masks is None:
        raise UserError(f"masks=<file or folder> is needed: {type(model).__name__} must be told where the holes are")


def set_refining(model: "InpaintingModule", refine: bool | None) -> None:
    """Let the model refine its answers or not, against how it was trained; refuse one that cannot."""
    if refine is None:
        return
    if model.refining is None:
        raise UserError(f"refine={refine}: {type(model).__name__} has no refinement; leave the word out")
    model.refining = refine


def fill(job: Job, model: "InpaintingModule", cfg: DictConfig) -> list[str]:
    """Fill one picture and write the result; return notices about it."""
    if job.target.resolve() in {path.resolve() for path in (job.image, job.mask) if path is not None}:
        raise UserError(f"{job.image}: the result would overwrite its input; choose another output folder")
    source = read_picture(job.image)
    notices = list(source.notices)
    hole = None
    if cfg.masks is not None:
        if job.mask is None:
            raise UserError(f"{job.image}: no mask called {job.target.stem} in {cfg.masks}")
        hole = hole_for(source.pixels.shape[:2], job.mask, cfg)
        if not hole.any():
            notices.append(f"{job.mask}: no hole with hole_is={cfg.hole_is}; {job.image.name} is written unchanged")
    completed = source.pixels if hole is not None and not hole.any() else complete(model, source.pixels, hole)
    alpha = source.alpha
    if alpha is not None and hole is not None:
        alpha = np.where(hole, 255, alpha).astype(np.uint8)
    write_picture(job.target, completed, source, alpha)
    if cfg.side_by_side:
        corrupted = source.pixels if hole is None else np.where(hole[..., None], 0, source.pixels).astype(np.uint8)
        both = np.concatenate([corrupted, completed], axis=1)
        target = Path(cfg.output, "side_by_side", job.target.relative_to(cfg.output))
        write_picture(target, both, source, None if alpha is None else np.concatenate([alpha, alpha], axis=1))
    return notices


def hole_for(size: tuple[int, int], path: Path, cfg: DictConfig) -> np.ndarray:
    """Read the mask file of a picture of ``size`` (height, width): (H, W) bool, True = hole."""
    hole = read_hole(path, cfg.hole_is, cfg.channel, cfg.threshold)
    if hole.shape != size:
        if not cfg.resize_mask:
            raise UserError(
                f"{path}: {hole.shape[0]}x{hole.shape[1]} px (height x width), but the picture has "
                f"{size[0]}x{size[1]}; set resize_mask=true (nearest neighbour) or give a mask of that size"
            )
        hole = np.asarray(Image.fromarray(hole).resize(size[::-1], Image.Resampling.NEAREST))
    if hole.all():
        raise UserError(
            f"{path}: all hole with hole_is={cfg.hole_is}, nothing is known; should it be the other colour?"
        )
    return hole


def complete(model: "InpaintingModule", pixels: np.ndarray, hole: np.ndarray | None) -> np.ndarray:
    """Fill (H, W, C) uint8 where ``hole`` (H, W) is True; a blind model (None) may change every pixel.

    A colour model sees grey as colour, and its answer is turned to grey; a grey model fills each channel by itself.
    """
    import torch

    from inpaintlab.filling.tensors import complete_tensor

    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(model.device).float() / 255
    there = torch.from_numpy(np.array(np.zeros(pixels.shape[:2], bool) if hole is None else hole)).to(image.device)
    completed = complete_tensor(model, image, there[None, None])
    filled = completed[0].clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    return filled if hole is None else np.where(hole[..., None], filled, pixels)
