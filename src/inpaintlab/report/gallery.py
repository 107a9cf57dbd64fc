"""The saved pictures: the same ones for all models, and each model's best and worst."""

import base64
import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside
from inpaintlab.basics.pictures import DECODE_ERRORS, open_image, unreadable
from inpaintlab.records.cells import Cell
from inpaintlab.records.rows import SavedPicture
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group

SIDE = 256
"""Longest side of an embedded picture in pixels."""
QUALITY = 88
HOLE = (128, 128, 128)
EXTREMES = 3
"""Best and worst cases shown of each model."""
PictureKey = tuple[Cell, int, str]
"""(cell, index, name) of a picture; it sorts."""


@dataclass(frozen=True)
class Picture:
    """An embedded picture."""

    uri: str
    title: str
    alt: str
    note: str = ""
    label: str | None = None
    """The model that made it; None for truth and input."""


@dataclass(frozen=True)
class Case:
    """One picture under one mask: truth, corrupted, and what models made of it."""

    title: str
    pictures: list[Picture]


@dataclass(frozen=True)
class Extremes:
    """Best and worst saved pictures of one model."""

    label: str
    measure: str
    best: list[Case]
    worst: list[Case]
    saved: int


def common_cases(group: Group, limit: int) -> list[Case]:
    """Return up to ``limit`` cases that all models with saved pictures have saved, spread over cells and pictures."""
    saved = [(one, saved_of(one)) for one in group.evaluations]
    saved = [(one, items) for one, items in saved if items]
    if not saved:
        return []
    shared = set.intersection(*(set(items) for _, items in saved))
    cases = []
    for key in spread(sorted(shared), limit):
        with contextlib.suppress(UserError):  # a file that is broken costs its case alone
            pictures = _given(saved[0][0], saved[0][1][key], SIDE)
            pictures += [_made(one, items[key], key, SIDE) for one, items in saved]
            cases.append(Case(_title(key), pictures))
    return cases


def spread(keys: Sequence[PictureKey], limit: int) -> list[PictureKey]:
    """Take turns among the cells, so that each has about as many of the ``limit`` cases; the order is kept."""
    cells: dict[Cell, list[PictureKey]] = {}
    for key in keys:
        cells.setdefault(key[0], []).append(key)
    chosen: set[PictureKey] = set()
    for turn in range(max(map(len, cells.values()), default=0)):
        for number, items in enumerate(cells.values()):
            # Each cell starts at another picture, so that the page does not show one picture again and again.
            if turn < len(items) and len(chosen) < limit:
                chosen.add(items[(turn + number) % len(items)])
    return [key for key in keys if key in chosen]


def extremes(one: Evaluation, limit: int) -> Extremes | None:
    """Return the best and worst saved cases by PSNR, in the hole for completed pictures, else over the whole one."""
    region = "full" if one.record.blind else "hole"
    items = saved_of(one)
    known = {key: psnr_of(one, key, region) for key in items}
    ranked = sorted((key for key, value in known.items() if value is not None), key=lambda key: -(known[key] or 0.0))
    count = min(EXTREMES, limit, len(ranked) // 2)
    if count < 1:
        return None

    def cases(keys: Iterable[PictureKey]) -> Iterator[Case]:
        for key in keys:
            with contextlib.suppress(UserError):
                yield Case(_title(key), [*_given(one, items[key], 192), _made(one, items[key], key, 192)])

    where = "inside the hole" if region == "hole" else "over the whole picture"
    return Extremes(one.label, f"PSNR {where}", list(cases(ranked[:count])),
                    list(cases(reversed(ranked[-count:]))), len(items))  # fmt: skip


def saved_of(one: Evaluation) -> dict[PictureKey, SavedPicture]:
    """Return the saved pictures whose three files are there."""
    return {
        (item.cell, item.index, item.name): item
        for item in one.record.saved
        if all(_is_there(one.folder, path) for path in (item.truth, item.mask, item.picture))
    }


def _is_there(folder: Path, name: str) -> bool:
    try:
        return inside(folder, name).is_file()
    except UserError:  # a record from elsewhere may name any file of this machine
        return False


def psnr_of(one: Evaluation, key: PictureKey, region: str) -> float | None:
    """Return the picture's PSNR in the main view; None for an exact match or where there is none."""
    part = one.pictures.get((key[0], one.record.main_view.in_region(region)))
    if part is None or "psnr" not in part.values:
        return None
    values = part.values["psnr"][part.index == key[1]]
    return float(values[0]) if len(values) and np.isfinite(values[0]) else None


def _title(key: PictureKey) -> str:
    return f"{key[2]}, {key[0]}"


def _given(one: Evaluation, item: SavedPicture, side: int) -> list[Picture]:
    truth = open_rgb(one.folder / item.truth)
    mask = open_rgb(one.folder / item.mask).convert("L").resize(truth.size, Image.Resampling.NEAREST)
    hole = mask.point(lambda value: 255 * (value > 127))
    corrupted = truth.copy()
    corrupted.paste(HOLE, mask=hole)
    share = float(np.mean(np.asarray(hole) > 0))
    name = item.name
    return [
        Picture(embed(truth, side), "truth", f"{name}, the original picture"),
        Picture(embed(corrupted, side), "input", f"{name}, the hole in grey", f"{share:.0%} hole"),
    ]


def _made(one: Evaluation, item: SavedPicture, key: PictureKey, side: int) -> Picture:
    values = {region: psnr_of(one, key, region) for region in ("full", "hole")}
    words = [f"{region} {value:.2f}" for region, value in values.items() if value is not None]
    note = f"PSNR {', '.join(words)} dB" if words else ""
    uri = embed(open_rgb(one.folder / item.picture), side)
    return Picture(uri, one.label, f"{item.name}, filled by {one.label}", note, one.label)


def open_rgb(path: Path) -> Image.Image:
    """Read an 8-bit picture as RGB; ``UserError`` for one that is broken."""
    try:
        with open_image(path) as file:
            return file.convert("RGB")
    except DECODE_ERRORS as error:
        raise unreadable(path, error) from error


def embed(image: Image.Image, side: int) -> str:
    """Return the picture as a JPEG data URI, no side longer than ``side``; a small one as PNG, without loss."""
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    kind = "png" if max(image.size) <= 96 else "jpeg"
    image.save(buffer, kind.upper(), **({"optimize": True} if kind == "png" else {"quality": QUALITY}))
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
