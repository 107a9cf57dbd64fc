"""``inpaintlab shard``: pack any data set into a few large files, for data that are read over a network.

Writes into ``output``: for each split a folder with litdata's ``index.json`` and chunks, and ``pictures.json``, the
pictures' names and checksums; and ``manifest.json``. A picture that is a file stays byte by byte what it is, another
becomes a PNG. A call that was cut off goes on where it stopped; chunks that were damaged since are written again.
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
import warnings
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from tqdm import tqdm

from inpaintlab import __version__
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256, load_json, write_json, write_text
from inpaintlab.basics.locks import lock_folder
from inpaintlab.data.location import check_location

if TYPE_CHECKING:
    from inpaintlab.data.pictures import Pictures

UNRELATED = ("mask", "seed", "batch_size", "num_workers")
"""What a data node says that does not decide which pictures there are."""


def shard(cfg: DictConfig) -> Path:
    """Write the shards of every split that has pictures; return the manifest's path."""
    check_config(cfg)
    check_location(cfg.data)
    check_litdata()
    output = Path(cfg.output)
    check_output(output)

    data = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    with lock_folder(output):
        manifest = begun(output, header(cfg, data))
        for split in cfg.splits:
            pictures = data.images(split)
            if len(pictures) == 0:
                print(f"{split:5} no such pictures in {cfg.choices.data}", flush=True)
                continue
            with Reader(pictures, cfg.workers, skip=data.on_bad_image == "skip") as reader:
                try:
                    write_split(output, split, reader, manifest)
                except OSError as error:
                    raise UserError(
                        f"output={output}: cannot be written ({error.strerror}); make room, or choose another folder; "
                        "the same words go on where it stopped"
                    ) from error
        if not manifest["splits"]:
            raise UserError(f"data: {cfg.choices.data} has no pictures in {', '.join(cfg.splits)}; nothing to write")
        save(output, manifest)
    print(f"manifest  {output / 'manifest.json'}\nread with  data=shards data.root={output}")
    return output / "manifest.json"


def check_config(cfg: DictConfig) -> None:
    """Refuse what cannot be written."""
    if not 0 < cfg.chunk_mb <= 2000:
        raise UserError(f"chunk_mb={cfg.chunk_mb}: expected more than 0 and at most 2000, places have 32 bits")
    if cfg.workers < 1:
        raise UserError(f"workers={cfg.workers}: expected at least 1")
    if not cfg.splits or not set(cfg.splits) <= {"train", "val", "test"}:
        raise UserError(f"splits={list(cfg.splits)}: expected some of train, val, test")


def check_litdata() -> None:
    """Refuse to begin without the library that writes the chunks."""
    try:
        import litdata.streaming.writer  # noqa: F401
    except ImportError as error:
        raise UserError(f"shard needs litdata ({error}): pip install 'inpaintlab[shards]'") from error


def check_output(output: Path) -> None:
    """Refuse a folder that holds something else."""
    if output.exists() and not output.is_dir():
        raise UserError(f"output={output}: a file, where a folder is needed; choose another name")
    there = {path.name for path in output.iterdir()} if output.exists() else set()
    if there - {".lock"} and "manifest.json" not in there:
        raise UserError(f"output={output}: not empty, and no manifest of shards in it; choose another folder")


def header(cfg: DictConfig, data: Any) -> dict[str, Any]:
    """Return all that decides what is in the shards."""
    from inpaintlab.data.shard_store import SCHEMA
    from inpaintlab.data.shards import VIEW

    node = OmegaConf.to_container(cfg.data, resolve=True)
    node.update({name: getattr(data, name) for name in VIEW})  # a set may take them from elsewhere
    source = {"name": cfg.choices.data, **{key: value for key, value in node.items() if key not in UNRELATED}}
    return json.loads(json.dumps({"schema": SCHEMA, "source": source, "chunk_mb": cfg.chunk_mb}))


def begun(output: Path, head: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of an earlier call with the same header, or a new one; another header raises."""
    from litdata.__about__ import __version__ as litdata

    path = output / "manifest.json"
    manifest = {**head, "complete": False, "versions": {"inpaintlab": __version__, "litdata": litdata}, "splits": {}}
    if not path.exists():
        write_json(path, manifest)
    try:
        earlier = load_json(path)
        for key, value in flat(head).items():
            if flat(earlier)[key] != value:
                raise UserError(
                    f"output={output}: holds shards of another {key}: {flat(earlier)[key]}; choose another folder"
                )
        return {**manifest, "splits": earlier["splits"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: no readable manifest of shards ({error!r}); choose another folder") from error


def flat(head: dict[str, Any]) -> dict[str, Any]:
    """Return the header with what it says of the source beside the rest."""
    return {**{key: head[key] for key in ("schema", "chunk_mb")}, **head["source"]}


def save(output: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest; it is complete when every picture of its splits is in a chunk, and every list written."""
    complete = all(
        split["listed"] and sum(chunk["pictures"] for chunk in split["chunks"]) == split["count"]
        for split in manifest["splits"].values()
    )
    write_json(output / "manifest.json", {**manifest, "complete": complete})


def write_split(output: Path, split: str, reader: "Reader", manifest: dict[str, Any]) -> None:
    """Write what is missing of a split's chunks, then its lists; the manifest tells of every chunk that is whole.

    A chunk takes pictures in their order for as long as they fit; where each begins follows from the pictures alone.
    """
    from inpaintlab.data.shard_store import names_sha256

    names = [reader.pictures.name(index) for index in range(len(reader.pictures))]
    entry = {"count": len(names), "names_sha256": names_sha256(names), "listed": False, "chunks": [], "config": None}
    earlier = manifest["splits"].get(split, entry)
    if earlier["names_sha256"] != entry["names_sha256"]:
        raise UserError(
            f"output={output}: holds other {split} pictures than {manifest['source']['name']} has now; "
            "choose another folder"
        )
    manifest["splits"][split] = entry
    entry["config"] = earlier["config"]
    old, folder = list(earlier["chunks"]), output / split
    begins = [0, *accumulate(chunk["pictures"] for chunk in old)]
    chunks, crc32, written = [], [], 0
    limit = int(manifest["chunk_mb"] * 2**20)
    folder.mkdir(exist_ok=True)
    for unfinished in folder.glob(".writing-*"):
        shutil.rmtree(unfinished)
    with tqdm(total=len(names), desc=split, unit=" pictures", disable=None) as bar:
        while len(crc32) < len(names):
            number, found = len(chunks), None
            if number < len(old) and begins[number] == len(crc32):
                chunk = old[number]
                found = checksums(folder, chunk)
            if found is None:
                items = reader.fill(len(crc32), limit)
                chunk, entry["config"] = write_chunk(folder, number, items)
                found = [zlib.crc32(item) for item in items]
                written += 1
            chunks.append(chunk)
            crc32 += found
            entry["chunks"] = chunks + old[len(chunks) :]
            if written:
                save(output, manifest)
            bar.update(len(found))
    entry["chunks"] = chunks
    entry["config"].update(chunk_size=None, chunk_bytes=limit)
    write_lists(folder, names, crc32, entry)
    entry["listed"] = True
    size = sum(chunk["bytes"] for chunk in chunks)
    print(f"{split:5} {len(names):,} pictures, {len(chunks)} chunks ({written} written now), {size / 1e6:,.1f} MB")
    if bad := reader.unreadable:
        print(f"{split:5} {len(bad)} unreadable pictures stay unreadable: {', '.join(sorted(bad))}", flush=True)


def write_chunk(folder: Path, number: int, items: list[bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let litdata write one chunk under a temporary name; return the manifest's entry and litdata's own settings."""
    from litdata.streaming.writer import BinaryWriter

    warnings.filterwarnings("ignore", message="An item was larger than the target chunk size")
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as writing:
        writer = BinaryWriter(writing, chunk_size=len(items), chunk_index=number)
        for place, item in enumerate(items):
            writer.add_item(place, item)
        (path,) = map(Path, writer.done())
        entry = {
            "file": path.name,
            "pictures": len(items),
            "bytes": path.stat().st_size,
            "sha256": file_sha256(path),
        }
        os.replace(path, folder / path.name)
    return entry, writer.get_config()


def checksums(folder: Path, chunk: dict[str, Any]) -> list[int] | None:
    """Return the checksums of the pictures in a chunk that is whole, else None."""
    from inpaintlab.data.shard_store import Chunk

    path = folder / chunk["file"]
    if not path.is_file() or file_sha256(path) != chunk["sha256"]:
        return None
    opened = Chunk(path)
    return [zlib.crc32(opened.item(place)) for place in range(chunk["pictures"])]


def write_lists(folder: Path, names: list[str], crc32: list[int], entry: dict[str, Any]) -> None:
    """Write the pictures' names and checksums, and litdata's index; remove chunks that belong to neither."""
    from inpaintlab.data.shard_store import PICTURES

    write_text(folder / PICTURES, json.dumps({"names": names, "crc32": crc32}))
    chunks = [
        {"filename": chunk["file"], "chunk_size": chunk["pictures"], "chunk_bytes": chunk["bytes"], "dim": None}
        for chunk in entry["chunks"]
    ]
    state = hashlib.sha256(json.dumps(entry["chunks"]).encode()).hexdigest()
    write_json(folder / "index.json", {"chunks": chunks, "config": entry["config"], "updated_at": state})
    there = {chunk["file"] for chunk in entry["chunks"]}
    for path in folder.glob("chunk-*.bin"):
        if path.name not in there:
            path.unlink()


class Reader:
    """The pictures' bytes in their order, read some way ahead by threads."""

    def __init__(self, pictures: "Pictures", workers: int, *, skip: bool) -> None:
        self.pictures, self.skip = pictures, skip
        self.unreadable: set[str] = set()
        self._pool, self._ahead = ThreadPoolExecutor(workers), 4 * workers
        self._queue: deque[Future[bytes]] = deque()
        self._next = 0

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def fill(self, begin: int, limit: int) -> list[bytes]:
        """Return the pictures from ``begin`` on that together do not exceed the limit, and at least one."""
        if begin != self._next - len(self._queue):
            self._queue.clear()
            self._next = begin
        items: list[bytes] = []
        size = 0
        while True:
            while len(self._queue) < self._ahead and self._next < len(self.pictures):
                self._queue.append(self._pool.submit(self._read, self._next))
                self._next += 1
            if not self._queue or (items and size + len(self._queue[0].result()) > limit):
                return items
            items.append(self._queue.popleft().result())
            size += len(items[-1])

    def _read(self, index: int) -> bytes:
        try:
            return encoded(self.pictures[index])
        except UserError as error:
            if not self.skip:
                raise UserError(f"{error}, or leave it so: data.on_bad_image=skip") from error
            self.unreadable.add(self.pictures.name(index))
            return b""  # it keeps its number, for the sake of the others'


def encoded(image: Image.Image) -> bytes:
    """Return the file that a picture was opened from, byte by byte, or a PNG of one that was made in memory."""
    stream = getattr(image, "fp", None)
    if image.format and stream is not None:
        stream.seek(0)
        return stream.read()
    if image.format and getattr(image, "filename", ""):
        return Path(image.filename).read_bytes()
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
