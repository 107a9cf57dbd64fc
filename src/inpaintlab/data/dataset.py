"""Pictures with holes, each a pure function of (seed, split, epoch, index)."""

from typing import Literal

import torch
from PIL import Image
from torch import Generator
from torch.utils.data import Dataset

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.seeds import seed_of
from inpaintlab.batch import Batch, EdgeBatch, check
from inpaintlab.data.bad_images import BadImages
from inpaintlab.data.edges import CannyEdges
from inpaintlab.data.images import decode, to_tensor
from inpaintlab.data.pictures import Pictures
from inpaintlab.data.sampler import Key
from inpaintlab.data.views import Framing
from inpaintlab.masks.base import MaskMaker

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


def keyed_generator(seed: int, split: Split, epoch: int, index: int) -> Generator:
    """Return the generator of everything random about one item; the same key gives the same draws everywhere."""
    return Generator().manual_seed(seed_of([seed, SPLITS.index(split), epoch, index]))


class InpaintingDataset(Dataset[Batch]):
    """One split: item (epoch, index), or index alone for epoch 0, is a checked ``Batch`` of one sample.

    ``image`` is (C, H, W) in [0, 1], ``known`` (1, H, W). Validation and test are served with epoch 0, so that their
    masks follow from (seed, index) alone. With ``edges`` given, an item is an ``EdgeBatch``. An unreadable picture
    raises ``UserError``; with ``bad`` given it is noted there, and the next readable picture takes its place. Without
    ``redraw`` every epoch is like the first. ``first`` is the number of its first picture among those of several sets.
    """

    def __init__(
        self,
        pictures: Pictures,
        split: Split,
        view: Framing,
        mask: MaskMaker,
        channels: int,
        seed: int,
        bad: BadImages | None = None,
        edges: CannyEdges | None = None,
        redraw: bool = True,
        first: int = 0,
    ) -> None:
        self.pictures, self.split, self.view, self.channels, self.seed, self.bad, self.edges = (
            pictures, split, view, channels, seed, bad, edges,
        )  # fmt: skip
        self.mask, self.redraw, self.first = mask.for_split(split), redraw, first

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        """Return the picture's name; in validation and test no other item has it."""
        return self.pictures.name(index)

    def open(self, index: int) -> Image.Image:
        """Open a picture as it is, of any mode and size, decoded or not; an unreadable one raises ``UserError``."""
        return self.pictures[index]

    def __getitem__(self, key: Key | int) -> Batch | EdgeBatch:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        generator = keyed_generator(self.seed, self.split, epoch if self.redraw else 0, self.first + index)
        index, picture = self._read(index)
        image = to_tensor(self.view(picture, generator))
        known = self.mask.for_picture(self.first + index, self.name(index), tuple(image.shape[-2:]), generator)
        batch = check(Batch(image, known.to(torch.float32)))
        return batch if self.edges is None else EdgeBatch(*batch, self.edges(image))

    def _read(self, index: int) -> tuple[int, Image.Image]:
        """Decode picture ``index``, or the next readable one where that is allowed."""
        for candidate in (*range(index, len(self)), *range(index)):
            try:
                return candidate, self._decode(candidate)
            except UserError as error:
                if self.bad is None:
                    raise UserError(f"{error}, or go on without it: data.on_bad_image=skip") from error
                self.bad.add(self.name(candidate), str(error))
        raise UserError(f"data: none of the {len(self)} {self.split} pictures is readable; the first: {self.name(0)}")

    def _decode(self, index: int) -> Image.Image:
        image = self.open(index)
        return decode(image, self.channels, getattr(image, "filename", "") or self.name(index), self.view.shorter)
