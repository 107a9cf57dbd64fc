"""Which pictures are filled, with which masks, into which files. Free of torch: what is wrong is told at once."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import open_image
from inpaintlab.data.location import count_others, pictures
from inpaintlab.data.picture_files import SAME, WRITERS


@dataclass(frozen=True)
class Job:
    """One picture to fill."""

    image: Path
    mask: Path | None
    name: Path
    """Below the output folder, with the ending of its format."""
    kind: str
    """The output format, a key of ``WRITERS``."""


def list_jobs(cfg: DictConfig) -> list[Job]:
    """Pair every picture with its mask and its result; ``UserError`` if there is nothing to do or names collide."""
    images, masks = Path(cfg.images), find_masks(cfg.masks)
    if images.is_dir():
        apart = [folder for folder in (Path(cfg.output), Path(cfg.masks or cfg.output)) if _below(folder, images)]
        root = images
        paths = [path for path in pictures(images, ["."]) if not any(_below(path, folder) for folder in apart)]
    elif images.exists():
        root, paths = images.parent, [images]
    else:
        raise UserError(f"images={images}: no such file or folder ({images.absolute()})")
    if not paths:
        raise UserError(f"images={images}: no pictures in this folder{told_others(images)}")
    jobs: dict[Path, Job] = {}
    for path in paths:
        name = path.relative_to(root)
        kind, target = _target(path, name, cfg.output_format)
        if target in jobs:
            raise UserError(f"images: {jobs[target].image} and {path} would both become {target}; rename one of them")
        mask = masks.get(key_of(name)) if isinstance(masks, dict) else masks
        jobs[target] = Job(path, mask, target, kind)
    return list(jobs.values())


def find_masks(masks: str | None) -> Path | dict[Path, Path] | None:
    """Return the one mask, or the masks of a folder by ``key_of`` their names."""
    if masks is None:
        return None
    folder = Path(masks)
    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise UserError(f"masks={masks}: no such file or folder ({folder.absolute()})")
    by_name: dict[Path, Path] = {}
    for path in pictures(folder, ["."]):
        name = key_of(path.relative_to(folder))
        if name in by_name:
            raise UserError(f"masks: {by_name[name]} and {path} belong to the same picture; remove one of them")
        by_name[name] = path
    if not by_name:
        raise UserError(f"masks={masks}: no masks in this folder")
    return by_name


def key_of(name: Path) -> Path:
    """Return a name without its ending, in the form of Unicode in which equal letters are equal."""
    return Path(unicodedata.normalize("NFC", str(name.with_suffix(""))))


def check_targets(jobs: Iterable[Job], folders: Iterable[Path], sheets: Iterable[Path] = ()) -> None:
    """Refuse results that would overwrite a picture, a mask or one another.

    A result lies in each of the ``folders`` under its job's name, and in each of the ``sheets`` as PNG.
    """
    jobs = list(jobs)
    taken = {path.resolve(): f"the input {path}" for job in jobs for path in (job.image, job.mask) if path is not None}
    places = [(folder / job.name, job) for folder in folders for job in jobs]
    places += [((folder / job.name).with_suffix(".png"), job) for folder in sheets for job in jobs]
    for path, job in places:
        if (other := taken.get(path.resolve())) is not None:
            raise UserError(f"output: {path} is {other}, which would be overwritten; choose another output folder")
        taken[path.resolve()] = f"the result for {job.image} too"


def told_others(folder: Path) -> str:
    """Say how many files of a folder are pictures that cannot be read here: "" or "; not read: 3 .heic"."""
    told = count_others(folder) if folder.is_dir() else ""
    return f"; {told}" if told else ""


def _target(path: Path, name: Path, output_format: str) -> tuple[str, Path]:
    if output_format != "same":
        return output_format, name.with_name(f"{name.stem}{WRITERS[output_format][1]}")
    try:
        kind = SAME.get(open_image(path).format or "", "png")
    except UserError:  # told when its turn comes, so that the others are filled
        kind = "png"
    return kind, name if kind != "png" or name.suffix.lower() == ".png" else name.with_name(f"{name.stem}.png")


def _below(path: Path, folder: Path) -> bool:
    path, folder = path.resolve(), folder.resolve()
    return path != folder and path.is_relative_to(folder)
