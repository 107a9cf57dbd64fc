"""Pictures packed into a few large files, on disk or in object storage: what ``inpaintlab shard`` has written.

The files are litdata's: each split's folder has its ``index.json`` and opens as a ``litdata.StreamingDataset`` of byte
strings. They are read here by place, not as a stream, because then order, views and masks are those of any other set:
a picture is found by its number, and a run resumes by the numbers alone. litdata itself is needed for fetching only.
"""

import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import open_stream
from inpaintlab.batch import Batch
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import InpaintingDataset, Split
from inpaintlab.data.sampler import Key, KeyedSampler
from inpaintlab.data.shard_store import MANIFEST, Remote, Store, damaged, open_store
from inpaintlab.data.views import Fit

VIEW = ("train_fit", "eval_fit", "center_crop", "zoom", "scales", "rotations", "horizontal_flip", "crops_per_picture",
        "redraw")  # fmt: skip
"""What a set says about its views; it travels in the manifest."""


@dataclass(kw_only=True, eq=False, repr=False)
class Shards(InpaintingData):
    """What ``inpaintlab shard`` has written, in a folder or in object storage.

    Picture ``index`` of a split is the same one as in the set that was made into shards, so it gets the same view and
    mask in the same epoch. With ``order: pictures`` the order is the same too, and every batch equal. That order
    touches another chunk with every picture, which object storage cannot serve unless all chunks fit into the cache;
    ``order: chunks`` has about ``window`` chunks in use at a time, and is a function of (seed, epoch) as well.
    """

    root: str
    """Folder, or a place that litdata can fetch from: s3://, gs://, azure://, r2://, local:."""
    order: Literal["pictures", "chunks"] | None = None
    """Of training; None = pictures where the root is a folder, chunks where it is not."""
    window: int = 16
    """order=chunks: pictures of so many chunks are mixed."""
    cache: str | None = None
    """Folder for fetched chunks; None = ~/.cache/inpaintlab/shards."""
    cache_gb: float | None = None
    """Chunks that were not used for the longest time make room; None = all are kept."""
    storage_options: dict[str, Any] | None = None
    """For litdata's client of the object storage, such as {endpoint_url: ...}."""
    layout: list[str] = field(default_factory=lambda: [MANIFEST])
    """What must lie in the folder."""
    obtain: str | None = None
    """How to make it, for the message when it is missing."""
    train_fit: Fit | None = None  # type: ignore[assignment]
    eval_fit: Fit | None = None  # type: ignore[assignment]
    zoom: tuple[float, float] | None = None  # type: ignore[assignment]
    scales: tuple[float, ...] | None = None  # type: ignore[assignment]
    rotations: tuple[int, ...] | None = None  # type: ignore[assignment]
    horizontal_flip: bool | None = None  # type: ignore[assignment]
    crops_per_picture: int | None = None  # type: ignore[assignment]
    redraw: bool | None = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.order not in (None, "pictures", "chunks"):
            raise UserError(f"data.order={self.order}: expected pictures or chunks")
        if self.window < 1:
            raise UserError(f"data.window={self.window}: expected at least 1")
        self._store = open_store(self.root, self.cache, self.cache_gb, self.window, self.storage_options)
        source = self._store.manifest["source"]
        for name in VIEW:
            if getattr(self, name) is None:
                setattr(self, name, source.get(name, True))  # `redraw`, which older manifests lack
        super().__post_init__()

    def images(self, split: Split) -> "ShardPictures":
        """Return one split's pictures; a split that was not made into shards has none."""
        pictures = ShardPictures(self._store, split)
        if split == "train" and len(pictures):
            self._check_cache(pictures)
        return pictures

    @property
    def by_chunks(self) -> bool:
        """Tell which order training has."""
        return self.order == "chunks" or (self.order is None and isinstance(self._store, Remote))

    def _check_cache(self, pictures: "ShardPictures") -> None:
        if self.cache_gb is None or not isinstance(self._store, Remote):
            return
        sizes = sorted((chunk["bytes"] for chunk in pictures.chunks), reverse=True)
        needed = sum(sizes[: self.window + 1] if self.by_chunks else sizes) / 1e9
        if needed > self.cache_gb:
            mend = "or a smaller data.window" if self.by_chunks else "or data.order=chunks"
            raise UserError(
                f"data.cache_gb={self.cache_gb}: {needed:.3g} GB are in use at a time, and would be fetched again and "
                f"again; give more, {mend}"
            )

    def _loader(
        self, dataset: InpaintingDataset, sampler: KeyedSampler, batch_size: int, *, drop_last: bool
    ) -> DataLoader[Batch]:
        if sampler.shuffle and self.by_chunks:
            sizes = [chunk["pictures"] for chunk in self._store.chunks("train")]
            sampler = ChunkSampler(sizes, self.window, sampler)
        return super()._loader(dataset, sampler, batch_size, drop_last=drop_last)


class ChunkSampler(KeyedSampler):
    """The same keys in another shuffled order, which is done with one chunk after the other.

    The chunks are put into an order drawn from (seed, epoch), and each picture at a random place less than ``window``
    chunks behind its own chunk's; behind the last chunk comes the first again. So the pictures of ``window`` chunks are
    mixed evenly at every moment, and one chunk at a time comes into use, but for ``window`` of them at the beginning.
    """

    def __init__(self, sizes: Sequence[int], window: int, plain: KeyedSampler) -> None:
        super().__init__(
            plain.length, plain.seed, shuffle=True, rank=plain.rank, ranks=plain.ranks,
            clock=plain.clock, start=plain.start,
        )  # fmt: skip
        self.sizes, self.window = np.asarray(sizes), window

    def order(self, epoch: int) -> np.ndarray:
        """Return all indices; a picture that is served several times per epoch has as many."""
        draw = np.random.default_rng([self.seed, epoch])
        place = draw.permutation(len(self.sizes))
        times = self.length // self.sizes.sum()
        place = np.tile(np.repeat(place, self.sizes), times)
        return np.argsort((place + self.window * draw.random(self.length)) % len(self.sizes), kind="stable")

    def __iter__(self) -> Iterator[Key]:
        epoch = max(self.clock(), self.start[0]) if self.clock else self._next
        self._next = epoch + 1
        order = self.order(epoch)[self.rank :: self.ranks]
        begin = self.start[1] if epoch == self.start[0] else 0
        return iter([(epoch, int(index)) for index in order[begin : len(self)]])


class ShardPictures:
    """One split's pictures: each is read out of its chunk, checked against its checksum and opened."""

    def __init__(self, store: "Store", split: Split) -> None:
        self.store, self.split, self.chunks = store, split, store.chunks(split)
        record = store.pictures(split) if self.chunks else {"names": [], "crc32": []}
        self.names: list[str] = record["names"]
        self.crc32: np.ndarray = record["crc32"]
        self.ends = list(accumulate(chunk["pictures"] for chunk in self.chunks))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Image.Image:
        return open_stream(BytesIO(self.encoded(index)), self.name(index))

    def name(self, index: int) -> str:
        """Return the name that the picture has in the set it comes from."""
        return self.names[index]

    def encoded(self, index: int) -> bytes:
        """Return the bytes of the picture's file."""
        index = range(len(self))[index]
        number = bisect_right(self.ends, index)
        chunk = self.chunks[number]
        file = f"{self.split}/{chunk['file']}"
        data = self.store.open(file, chunk).item(index - self.ends[number] + chunk["pictures"])
        if data is None or zlib.crc32(data) != self.crc32[index]:
            raise damaged(f"{self.store.root}/{file}: damaged at picture {index}, {self.name(index)}")
        return data
