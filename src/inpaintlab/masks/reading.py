"""From a mask file to a hole map."""

from pathlib import Path
from typing import Literal

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import DECODE_ERRORS, SUFFIXES, open_image, turn_upright, unreadable

Colour = Literal["white", "black"]
Channel = Literal["luma", "alpha"]


def list_masks(root: str | Path | None) -> list[Path]:
    """List the mask files of a folder tree in the order of their names; none at all raises ``UserError``."""
    if root is None:
        raise UserError("mask.root=<folder> is needed: the folder of your mask files")
    folder = Path(root)
    if not folder.is_dir():
        raise UserError(f"mask.root={root}: no such folder ({folder.absolute()}); give the folder of your mask files")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UserError(
            f"mask.root={root}: no mask files in {folder.absolute()}; expected {', '.join(sorted(SUFFIXES))}"
        )
    return found


def check_enough(index: int, masks: int, name: str) -> None:
    """Refuse a picture for which no mask is left, with ``UserError``."""
    if index >= masks:
        raise UserError(
            f"pairing=once: {masks} masks, and {name} is picture {index + 1}; give fewer pictures, such as "
            f"data.limit={masks}, or use another pairing"
        )


def read_hole(path: Path, hole_is: Colour, channel: Channel, threshold: float | None) -> np.ndarray:
    """Read a mask file: (H, W) bool, True = hole, upright. White is what lies above ``threshold`` (of full white).

    Without a threshold every pixel has to be black or white. ``UserError`` names the file.
    """
    grey = read_grey(path, channel, threshold is not None)
    if threshold is None:
        between = grey[(grey != 0) & (grey != 1)]
        if between.size:
            raise UserError(
                f"{path}: {between.size} pixels are neither black nor white, one is {between.flat[0]:.4g} of white; "
                "give a threshold between 0 and 1, or repair the file"
            )
    white = grey > (0.5 if threshold is None else threshold)
    return white if hole_is == "white" else ~white


def is_black_and_white(path: Path, channel: Channel) -> bool:
    """Tell whether every pixel of a mask file is black or white, so that no threshold is needed."""
    grey = read_grey(path, channel, colours=False)
    return bool(((grey == 0) | (grey == 1)).all())


def read_grey(path: Path, channel: Channel, colours: bool) -> np.ndarray:
    """Read the grey values or the alpha channel of a file: (H, W) float32 in [0, 1]."""
    opened = open_image(path)
    try:
        image = turn_upright(opened)
    except DECODE_ERRORS as error:
        raise unreadable(path, error) from error
    if image.mode.startswith("I"):  # 16 bits
        return np.asarray(image).astype(np.float32) / 65535
    if image.mode == "F":
        raise UserError(f"{path}: a mask of floating-point values; save it as an 8-bit picture")
    picture = np.asarray(image.convert("RGBA"))
    alpha = picture[..., 3].astype(np.float32) / 255
    if channel == "alpha":
        if not image.has_transparency_data:
            raise UserError(f"{path}: has no alpha channel; set channel=luma to read the mask from its grey values")
        return alpha
    if alpha.min() < 1:
        raise UserError(f"{path}: has transparent pixels; set channel=alpha if they are the mask, or flatten the file")
    if not colours and (picture[..., :1] != picture[..., 1:3]).any():
        raise UserError(
            f"{path}: a mask with colours; give a threshold between 0 and 1 on its luma, or repair the file"
        )
    return np.asarray(image.convert("L")).astype(np.float32) / 255
