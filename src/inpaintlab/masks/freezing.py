"""``inpaintlab masks``: write a frozen set of benchmark masks, so that everybody judges on the same holes."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from PIL import Image, ImageDraw

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside, write_file, write_json
from inpaintlab.basics.pictures import open_image
from inpaintlab.basics.seeds import seed_of
from inpaintlab.masks.drawings import with_drawings
from inpaintlab.masks.manifest import SCHEMA, Entry, cell_name, is_whole, load_manifest

BORDERS = ("any", "touch", "clear")
SHOWN = 4
"""Masks of each cell on the contact sheet."""


def freeze(cfg: DictConfig) -> Path:
    """Write the masks of every bucket and border, the manifest and the contact sheet; return the manifest's path.

    The set is a pure function of the header. Work that was interrupted goes on: files whose hash agrees with the
    manifest are kept, others are written again.
    """
    check_config(cfg)
    folder = Path(cfg.output)
    head = header(cfg)
    known = {entry["path"]: entry for entry in read_unfinished(folder, head)}
    files: list[Entry] = []
    for bucket in cfg.buckets:
        for border in cfg.borders:
            files += freeze_cell(cfg, folder, list(bucket), border, known)
            write_json(folder / "manifest.json", {**head, "complete": False, "files": [*known.values()]})
            print(f"{cell_name(bucket, border)}: {cfg.count} masks", flush=True)
    write_json(folder / "manifest.json", {**head, "complete": True, "files": files})
    sheet = folder.with_name(f"{folder.name}_sheet.png")  # beside the folder, which holds masks alone
    write_hashed_png(contact_sheet(cfg, folder, files), sheet)
    print(f"masks          {folder}\nmanifest       {folder / 'manifest.json'}\ncontact sheet  {sheet}")
    return folder / "manifest.json"


def check_config(cfg: DictConfig) -> None:
    """Refuse what cannot be frozen."""
    for name, least in (("size", 8), ("count", 1), ("seed", 0)):
        if cfg[name] < least:
            raise UserError(f"{name}={cfg[name]}: expected at least {least}")
    if not cfg.buckets or not cfg.borders or not set(cfg.borders) <= set(BORDERS):
        raise UserError(f"borders={list(cfg.borders)}: expected some of {', '.join(BORDERS)}, and at least one bucket")
    if "ratio" not in cfg.mask or "border" not in cfg.mask:
        raise UserError(f"mask {cfg.mask._target_}: takes no hole ratio, so it cannot fill the buckets")


def header(cfg: DictConfig) -> dict[str, Any]:
    """Return all that decides how the masks look."""
    plain = OmegaConf.to_container(cfg, resolve=True)
    plain["mask"] = with_drawings(plain["mask"])
    return {"schema": SCHEMA, **{key: plain[key] for key in ("mask", "size", "count", "seed", "buckets", "borders")}}


def read_unfinished(folder: Path, head: dict[str, Any]) -> list[Entry]:
    """Return the files of an earlier call with the same header; another header raises ``UserError``."""
    if not (folder / "manifest.json").is_file():
        return []
    manifest = load_manifest(folder)
    for key, value in head.items():
        if manifest.get(key) != value:
            raise UserError(
                f"output={folder}: holds masks of another {key}: {manifest.get(key)}; choose another folder"
            )
    return manifest["files"]


def freeze_cell(
    cfg: DictConfig, folder: Path, bucket: Sequence[float], border: str, known: dict[str, Entry]
) -> list[Entry]:
    """Write the masks of one bucket and border that are not there yet; note them in ``known`` and return all."""
    from torch import Generator

    maker = instantiate(cfg.mask, ratio=bucket, border=border, _convert_="all").for_split("test")
    entries = []
    for index in range(cfg.count):
        name = f"{cell_name(bucket, border)}/{index:05}.png"
        if name not in known or not is_whole(folder, known[name]):
            seed = cell_seed(cfg.seed, bucket, border, index)
            hole = maker((cfg.size, cfg.size), Generator().manual_seed(seed))[0].numpy() == 0
            sha256 = write_hashed_png(Image.fromarray(hole), folder / name)
            known[name] = {
                "path": name,
                "index": index,
                "seed": seed,
                "hole_ratio": hole.mean().item(),
                "sha256": sha256,
            }
        entries.append(known[name])
    return entries


def cell_seed(seed: int, bucket: Sequence[float], border: str, index: int) -> int:
    """Return the seed of one mask: it depends on its own cell, not on which others are written."""
    key = [seed, *(round(share * 1_000_000) for share in bucket), BORDERS.index(border), index]
    return seed_of(key)


def write_hashed_png(picture: Image.Image, path: Path) -> str:
    """Write a PNG under a temporary name, rename it, and return its SHA-256."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    write_file(path, lambda temporary: temporary.write_bytes(buffer.getvalue()))
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def contact_sheet(cfg: DictConfig, folder: Path, files: list[Entry]) -> Image.Image:
    """Show the first masks of each cell, a row for each bucket, labelled with bucket, border and hole share."""
    side, gap, label = 112, 6, 16
    shown = min(SHOWN, cfg.count)
    width = len(cfg.borders) * shown * (side + gap) + gap
    sheet = Image.new("L", (width, len(cfg.buckets) * (side + label + gap) + gap), 90)
    pen = ImageDraw.Draw(sheet)
    for number, entry in enumerate(files):
        cell, index = divmod(number, cfg.count)
        if index >= shown:
            continue
        row, column = divmod(cell, len(cfg.borders))
        left, top = gap + (column * shown + index) * (side + gap), gap + row * (side + label + gap)
        words = [entry["path"].rsplit("/", 1)[0].replace("/", " ")] if index == 0 else []
        pen.text((left, top), " ".join([*words, f"{entry['hole_ratio']:.3f}"]), 255)
        with open_image(inside(folder, entry["path"])) as hole:
            sheet.paste(hole.convert("L").resize((side, side), Image.Resampling.BOX), (left, top + label))
    return sheet
