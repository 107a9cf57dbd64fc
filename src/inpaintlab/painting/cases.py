"""A picture and its mask, put where ``inpaintlab evaluate`` reads them."""

import itertools
import shlex
from pathlib import Path

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file, write_png
from inpaintlab.painting.files import Open, as_png


def save_case(folder: Path, opened: Open, hole: np.ndarray) -> Path:
    """Write the true picture and the mask (hole white) under one new name; return the mask's path.

    The picture is the truth where one is known, else the picture as it is: what lies under the hole is what a model is
    judged against.
    """
    if not hole.any() or hole.all():
        raise UserError("mask: a test case needs both a hole and known pixels; paint where models are to be tried")
    stem = Path(opened.name).stem
    for number in itertools.count(1):
        name = f"{stem}-{number:03d}.png"
        picture, mask = folder / "pictures" / name, folder / "masks" / name
        if not picture.exists() and not mask.exists():
            break
    body = as_png(opened.source.pixels if opened.truth is None else opened.truth)
    try:
        write_file(picture, lambda temporary: temporary.write_bytes(body))
        write_png(mask, Image.fromarray(hole))  # one bit per pixel
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written ({error.strerror}); start the page with another output="
        ) from error
    return mask


def evaluating(folder: Path, model: str) -> str:
    """Return the command that judges a model on all cases of the folder, each at its own size."""
    words = [
        f"ckpt={model}" if Path(model).suffix else f"model={model}",
        *("data=folder", f"data.root={folder / 'pictures'}", "data.layout={test:[.]}", "data.eval_fit=whole"),
        *("mask=files", f"mask.root={folder / 'masks'}", "mask.pairing=name", "buckets=null"),
    ]
    return f"inpaintlab evaluate {shlex.join(words)}"
