"""Pictures packed into a few large files, on disk or in object storage: what ``inpaintlab shard`` has written.

The files are litdata's: each split's folder has its ``index.json`` and opens as a ``litdata.StreamingDataset`` of byte
strings. They are read here by place, not as a stream, because then order, views and masks are those of any other set:
a picture is found by its number, and a run resumes by the numbers alone. litdata itself is needed for fetching only.
"""

import hashlib
import json
import os
import re
import tempfile
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from PIL import Image
from torch.utils.data import DataLoader

from inpaintlab.batch import Batch
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import InpaintingDataset, Split
from inpaintlab.data.images import DECODE_ERRORS, unreadable
from inpaintlab.data.location import absolute
from inpaintlab.data.sampler import Key, KeyedSampler
from inpaintlab.data.views import Fit
from inpaintlab.errors import UserError

SCHEMA = 1
MANIFEST = "manifest.json"
"""In the root: {schema, complete, source, chunk_mb, splits, versions}."""
PICTURES = "pictures.json"
"""In a split's folder: {names, crc32} of the pictures."""
VIEW = ("train_fit", "eval_fit", "center_crop", "zoom", "scales", "rotations", "horizontal_flip", "crops_per_picture")
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

    def __post_init__(self) -> None:
        if self.order not in (None, "pictures", "chunks"):
            raise UserError(f"data.order={self.order}: expected pictures or chunks")
        if self.window < 1:
            raise UserError(f"data.window={self.window}: expected at least 1")
        self._store = open_store(self.root, self.cache, self.cache_gb, self.window, self.storage_options)
        source = self._store.manifest["source"]
        for name in VIEW:
            if getattr(self, name) is None:
                setattr(self, name, source[name])
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
        self.crc32 = np.asarray(record["crc32"], np.uint32)
        self.ends = list(accumulate(chunk["pictures"] for chunk in self.chunks))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Image.Image:
        try:
            return Image.open(BytesIO(self.encoded(index)))
        except DECODE_ERRORS as error:
            raise unreadable(self.name(index), error) from error

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


class Chunk:
    """A chunk of litdata's, kept open: bytes by place.

    It is the number of its items, the offsets of their beginnings and of the end, and the items; an item of one byte
    string is its length and itself. All numbers are uint32, little-endian.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        count = int.from_bytes(os.pread(self._file, 4, 0), "little")
        table = os.pread(self._file, min(4 * (count + 1), os.fstat(self._file).st_size), 4)
        self._offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4")

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def item(self, place: int) -> bytes | None:
        """Return the bytes at a place; None where the chunk does not make sense."""
        offsets = self._offsets[place : place + 2].tolist()
        if len(offsets) < 2 or offsets[1] < offsets[0] + 4:
            return None
        item = os.pread(self._file, offsets[1] - offsets[0], offsets[0])
        return item[4:] if int.from_bytes(item[:4], "little") == len(item) - 4 else None


class Store:
    """A finished folder of shards."""

    open_chunks = 128
    """Of so many, those used last, the files are kept open."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.manifest = read_manifest(Path(root), root)
        for split in self.manifest["splits"]:
            for chunk in self.chunks(split):
                check_size(Path(root, split, chunk["file"]), chunk["bytes"])
        self._opened: OrderedDict[str, Chunk] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": OrderedDict()}  # a process opens its own

    def chunks(self, split: str) -> list[dict[str, Any]]:
        """Return the manifest's entries of a split's chunks; none where it was not made into shards."""
        return self.manifest["splits"].get(split, {"chunks": []})["chunks"]

    def pictures(self, split: str) -> dict[str, Any]:
        """Return the names and checksums of a split's pictures."""
        return read_pictures(Path(self.root, split, PICTURES), self.manifest["splits"][split])

    def open(self, file: str, entry: Mapping[str, Any]) -> Chunk:
        """Return a chunk, opened."""
        chunk = self._opened.pop(file, None) or self._open(file, entry)
        self._opened[file] = chunk
        if len(self._opened) > self.open_chunks:
            self._opened.popitem(last=False)
        return chunk

    def _open(self, file: str, _: Mapping[str, Any]) -> Chunk:
        return Chunk(Path(self.root, file))


class Remote(Store):
    """Shards in object storage, or wherever litdata can fetch from; chunks are fetched when first needed.

    The cache may be shared by any number of processes. Its folder is named by the manifest, so shards that were written
    anew are not mixed with old ones.
    """

    def __init__(
        self, root: str, cache: Path, cache_gb: float | None, window: int, options: dict[str, Any] | None
    ) -> None:
        self.root, self.cache_gb, self.options = root.rstrip("/"), cache_gb, options
        with tempfile.TemporaryDirectory(prefix="inpaintlab-shards-") as folder:
            self._fetch(MANIFEST, Path(folder, MANIFEST))
            text = Path(folder, MANIFEST).read_bytes()
            self.manifest = read_manifest(Path(folder), root)
        self.cache = cache / hashlib.sha256(text).hexdigest()[:16]
        self._opened = OrderedDict()
        if cache_gb is not None:
            self.open_chunks = window + 1  # an open file takes its room even after it was removed

    def pictures(self, split: str) -> dict[str, Any]:
        """Return the names and checksums of a split's pictures, fetched once."""
        self._have(f"{split}/{PICTURES}", None)
        return read_pictures(self.cache / split / PICTURES, self.manifest["splits"][split])

    def _open(self, file: str, entry: Mapping[str, Any]) -> Chunk:
        while True:
            self._have(file, entry)
            with suppress(FileNotFoundError):  # another process has just made room
                return Chunk(self.cache / file)

    def _have(self, file: str, chunk: Mapping[str, Any] | None) -> None:
        """See to it that a file lies in the cache, whole."""
        path = self.cache / file
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if path.exists():
                return
            fetched = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                self._fetch(file, fetched)
                if chunk is not None:
                    check_size(fetched, chunk["bytes"], f"{self.root}/{file}")
                    if file_sha256(fetched) != chunk["sha256"]:
                        raise damaged(f"{self.root}/{file}: damaged, its sha256 is not the manifest's")
                os.replace(fetched, path)
            except OSError as error:
                raise UserError(
                    f"{path}: cannot be written ({error.strerror}); make room, or give data.cache=<folder>"
                ) from error
            finally:
                for rest in (fetched, fetched.with_name(f"{fetched.name}.lock")):
                    rest.unlink(missing_ok=True)
        if self.cache_gb is not None:
            self._make_room(path)

    def _fetch(self, file: str, target: Path) -> None:
        """Let litdata fetch a file; whatever its clients raise, the user's question is the same."""
        try:
            from litdata.streaming.downloader import Downloader, get_downloader
        except ImportError as error:
            raise UserError(
                f"data.root={self.root}: fetching needs litdata: pip install 'inpaintlab[shards]'"
            ) from error
        try:
            downloader = get_downloader(self.root, str(target.parent), [], self.options)
            if type(downloader).download_fileobj is Downloader.download_fileobj:  # it has none
                downloader.download_file(f"{self.root}/{file}", str(target))
            else:
                # The storage's own client; `download_file` takes obstore for S3, which a forked worker cannot use once
                # its parent has, and which refuses plain http.
                with target.open("wb") as opened:
                    downloader.download_fileobj(f"{self.root}/{file}", opened)
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else repr(error)
            raise UserError(
                f"{self.root}/{file}: cannot be fetched ({reason}); expected there: what `inpaintlab shard` has written"
            ) from error

    def _make_room(self, kept: Path) -> None:
        found = []
        for path in self.cache.glob("*/*.bin"):
            with suppress(FileNotFoundError):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        surplus = sum(size for _, size, _ in found) - self.cache_gb * 1e9
        for _, size, path in sorted(found):
            if surplus <= 0:
                return
            if path != kept:
                path.unlink(missing_ok=True)
                surplus -= size


def open_store(
    root: str,
    cache: str | None = None,
    cache_gb: float | None = None,
    window: int = 16,
    options: dict[str, Any] | None = None,
) -> Store:
    """Open a folder of shards, or those at a place with a scheme."""
    if re.match(r"\w\w+:", root):
        return Remote(root, absolute(cache or "~/.cache/inpaintlab/shards"), cache_gb, window, options)
    return Store(str(absolute(root)))


def read_manifest(folder: Path, root: str) -> dict[str, Any]:
    """Return the manifest of finished shards."""
    place = f"{root}/{MANIFEST}"
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        schema, complete = manifest["schema"], manifest["complete"]
    except FileNotFoundError as error:
        raise UserError(f"{place}: no such file; expected there: what `inpaintlab shard` has written") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{place}: no readable manifest ({error!r}); run `inpaintlab shard` anew") from error
    if schema != SCHEMA:
        raise UserError(f"{place}: expected schema {SCHEMA}, found {schema}; run `inpaintlab shard` anew")
    if not complete:
        raise UserError(f"{place}: the shards are not complete; call `inpaintlab shard` with the same words again")
    return manifest


def read_pictures(path: Path, split: Mapping[str, Any]) -> dict[str, Any]:
    """Return names and checksums, if they are those of the manifest."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if names_sha256(record["names"]) == split["names_sha256"] and len(record["crc32"]) == split["count"]:
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise damaged(f"{path}: missing, or not the names that the manifest tells of")


def names_sha256(names: Sequence[str]) -> str:
    """Return the hash of a list of names."""
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check_size(path: Path, size: int, name: str | None = None) -> None:
    """Refuse a chunk that is missing or torn."""
    if not path.is_file():
        raise damaged(f"{name or path}: missing")
    if (found := path.stat().st_size) != size:
        raise damaged(f"{name or path}: torn, {found:,} of {size:,} bytes")


def damaged(what: str) -> UserError:
    """Say how damaged shards are mended."""
    return UserError(f"{what}; copy it anew, or call `inpaintlab shard` with the same words, which mends it")
