"""The pictures of one split, in a fixed order."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import open_image


class Pictures(Protocol):
    """What a data set gives for one split."""

    def __len__(self) -> int:
        """Return how many there are; 0 where the set has no such split."""

    def __getitem__(self, index: int) -> Image.Image:
        """Open picture ``index``, of any mode, decoded or not; an unreadable one raises ``UserError``."""

    def name(self, index: int) -> str:
        """Return the picture's name: for files the path under the root, with forward slashes."""


class Files:
    """Picture files under a root."""

    def __init__(self, root: Path, paths: list[Path]) -> None:
        self.root = root
        # Plain strings: workers are forked with a million of these.
        self.names = [path.relative_to(root).as_posix() for path in paths]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Image.Image:
        return open_image(self.root / self.names[index])

    def name(self, index: int) -> str:
        """Return the path under the root."""
        return self.names[index]


class Repeated:
    """Every picture so many times per epoch; random views make each time another item."""

    def __init__(self, pictures: Pictures, times: int) -> None:
        self.pictures, self.times = pictures, times

    def __len__(self) -> int:
        return len(self.pictures) * self.times

    def __getitem__(self, index: int) -> Image.Image:
        return self.pictures[index % len(self.pictures)]

    def name(self, index: int) -> str:
        """Return the name of the picture, the same each time."""
        return self.pictures.name(index % len(self.pictures))


def content_sha256(pictures: Pictures, indices: Iterable[int]) -> str:
    """Return the hash of the names of some pictures and of what they hold, in their order.

    A picture that is a file counts with its bytes, on disk or in a shard, another with its pixels; one that cannot be
    opened counts as such.
    """
    whole = hashlib.sha256()
    for index in indices:
        whole.update(f"{pictures.name(index)}\n".encode("utf-8", "surrogateescape"))
        whole.update(_picture_sha256(pictures, index))
    return whole.hexdigest()


def _picture_sha256(pictures: Pictures, index: int) -> bytes:
    try:
        image = pictures[index]
    except UserError:
        return bytes(32)
    if (stream := getattr(image, "fp", None)) is not None:
        with image:
            stream.seek(0)
            return hashlib.sha256(stream.read()).digest()
    if image.format and getattr(image, "filename", ""):
        return hashlib.sha256(Path(image.filename).read_bytes()).digest()
    return hashlib.sha256(f"{image.mode} {image.size}".encode() + image.tobytes()).digest()
