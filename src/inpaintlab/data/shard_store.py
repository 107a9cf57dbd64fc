"""Where shards lie: a finished folder with its manifest, or a place that litdata can fetch from, and a cache for it."""

import hashlib
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256, inside, load_json
from inpaintlab.basics.kinds import is_of
from inpaintlab.data.location import absolute

SCHEMA = 1
MANIFEST = "manifest.json"
"""In the root: {schema, complete, source, chunk_mb, splits, versions}."""
PICTURES = "pictures.json"
"""In a split's folder: {names, crc32} of the pictures."""


CHUNK = {"file": str, "pictures": int, "bytes": int, "sha256": str}
"""What the manifest says of a chunk."""


class Chunk:
    """A chunk of litdata's, kept open: bytes by place.

    It is the number of its items, the offsets of their beginnings and of the end, and the items; an item of one byte
    string is its length and itself. All numbers are uint32, little-endian.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        count, self._size = int.from_bytes(os.pread(self._file, 4, 0), "little"), os.fstat(self._file).st_size
        table = os.pread(self._file, min(4 * (count + 1), self._size), 4)
        self._offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4")

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def item(self, place: int) -> bytes | None:
        """Return the bytes at a place; None where the chunk does not make sense."""
        offsets = self._offsets[place : place + 2].tolist()
        if len(offsets) < 2 or offsets[1] < offsets[0] + 4 or offsets[1] > self._size:
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
                check_size(inside(Path(root), f"{split}/{chunk['file']}"), chunk["bytes"])
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
        return Chunk(inside(Path(self.root), file))


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
        path = inside(self.cache, file)
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
        if not (folder / MANIFEST).exists():
            raise UserError(f"{place}: no such file; expected there: what `inpaintlab shard` has written")
        manifest = load_json(folder / MANIFEST)
        schema, complete = manifest["schema"], manifest["complete"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{place}: no readable manifest ({error!r}); run `inpaintlab shard` anew") from error
    if schema != SCHEMA:
        raise UserError(f"{place}: expected schema {SCHEMA}, found {schema}; run `inpaintlab shard` anew")
    if not complete:
        raise UserError(f"{place}: the shards are not complete; call `inpaintlab shard` with the same words again")
    check_manifest(manifest, folder, place)
    return manifest


def check_manifest(manifest: Mapping[str, Any], folder: Path, place: str) -> None:
    """Refuse a manifest with entries of another kind, and one that names files outside of its folder."""
    splits = manifest.get("splits")
    whole = isinstance(manifest.get("source"), dict) and is_of(splits, dict[str, dict[str, Any]])
    whole = whole and all(is_of(split.get("chunks"), list[dict[str, Any]]) and is_of(split.get("count"), int)
                          and is_of(split.get("names_sha256"), str) for split in splits.values())  # fmt: skip
    chunks = [(split, chunk) for split in splits for chunk in splits[split]["chunks"]] if whole else []
    for split, chunk in chunks:
        whole = whole and all(is_of(chunk.get(name), kind) for name, kind in CHUNK.items())
        if whole:
            inside(folder, f"{split}/{chunk['file']}")
            if not chunk["file"] or "/" in split or "/" in chunk["file"]:
                raise UserError(f"{place}: {split}/{chunk['file']} is no chunk's name; run `inpaintlab shard` anew")
    for split in splits.values() if whole else ():
        counts = [chunk["pictures"] for chunk in split["chunks"]]
        whole = whole and min(counts, default=1) > 0 and sum(counts) == split["count"]
    if not whole:
        raise UserError(f"{place}: no readable manifest (its splits are not as written); run `inpaintlab shard` anew")


def read_pictures(path: Path, split: Mapping[str, Any]) -> dict[str, Any]:
    """Return names and checksums, if they are those of the manifest."""
    try:
        record = load_json(path, largest=2**32)  # a line for each of millions of pictures
        record["crc32"] = np.asarray(record["crc32"], np.uint32)
        if names_sha256(record["names"]) == split["names_sha256"] and record["crc32"].shape == (split["count"],):
            return record
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        pass
    raise damaged(f"{path}: missing, or not the names that the manifest tells of")


def names_sha256(names: Sequence[str]) -> str:
    """Return the hash of a list of names."""
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def check_size(path: Path, size: int, name: str | None = None) -> None:
    """Refuse a chunk that is missing or torn."""
    if not path.is_file():
        raise damaged(f"{name or path}: missing")
    if (found := path.stat().st_size) != size:
        raise damaged(f"{name or path}: torn, {found:,} of {size:,} bytes")


def damaged(what: str) -> UserError:
    """Say how damaged shards are mended."""
    return UserError(f"{what}; copy it anew, or call `inpaintlab shard` with the same words, which mends it")
