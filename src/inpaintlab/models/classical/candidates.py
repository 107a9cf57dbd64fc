"""The pictures that a hole may be filled from."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Generator, Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.data.images import decode
from inpaintlab.data.location import absolute, pictures
from inpaintlab.data.pictures import Files, Pictures
from inpaintlab.data.views import Fit, Framing

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData


class Candidates:
    """Pictures, brought to the size that is asked for as a judged picture is; those of the last size are kept."""

    def __init__(
        self, source: Pictures, limit: int | None, fit: Fit = "crop", center_crop: int | None = None, skip: bool = False
    ) -> None:
        """``limit``: at most so many, spread over the source; ``skip`` unreadable ones; else see ``Framing``."""
        count = min(limit or len(source), len(source))
        self.indices = [index * len(source) // count for index in range(count)]
        self.source, self.fit, self.center_crop, self.skip = source, fit, center_crop, skip
        self._kept = torch.empty(0, 0, 0, 0, dtype=torch.uint8)

    def at(self, channels: int, height: int, width: int) -> Tensor:
        """Return all candidates, (N, channels, height, width) uint8; of a square the central part if not square."""
        if self._kept.shape[1:] != (channels, height, width):
            read = [self._read(index, channels, height, width) for index in self.indices]
            readable = [pixels for pixels in read if pixels is not None]
            if not readable:
                raise UserError(f"NearestPatch: none of the {len(self.indices)} pictures to choose from is readable")
            self._kept = torch.from_numpy(np.stack(readable)).permute(0, 3, 1, 2)
        return self._kept

    def _read(self, index: int, channels: int, height: int, width: int) -> np.ndarray | None:
        """Return (height, width, channels) uint8, or None for an unreadable picture that is to be skipped."""
        side = max(height, width)
        try:
            image = decode(self.source[index], channels, self.source.name(index))
        except UserError:
            if self.skip:
                return None
            raise
        square = np.asarray(Framing(side, self.fit, center_crop=self.center_crop)(image, Generator()))
        top, left = (side - height) // 2, (side - width) // 2
        return square.reshape(side, side, channels)[top : top + height, left : left + width]


def from_folder(folder: str, limit: int | None) -> Candidates:
    """Take the pictures in and below a folder; ``UserError`` where it is missing or holds none."""
    root = absolute(Path(folder))
    if not root.is_dir():
        raise UserError(f"model.pictures={folder}: no such folder ({root})")
    files = Files(root, list(pictures(root, ["."])))
    if not len(files):
        raise UserError(f"model.pictures={folder}: no pictures in {root} or below")
    return Candidates(files, limit)


def from_data(data: "InpaintingData", limit: int | None) -> Candidates:
    """Take the training pictures of a data set, upright and without random crops; ``UserError`` if it has none."""
    if not data.has("train"):
        raise UserError(
            f"NearestPatch: {type(data).__name__} has no training pictures to choose from; give model.pictures=<folder>"
        )
    fit = "crop" if data.eval_fit == "whole" else data.eval_fit
    return Candidates(data.images("train"), limit, fit, data.center_crop, skip=data.on_bad_image == "skip")
