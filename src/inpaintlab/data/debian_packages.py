"""Pictures out of Debian packages: fetched by name, unpacked without installing anything."""

import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_file

SOURCE_PAGE = "https://packages.debian.org/bookworm/{package}"


def obtain_files(package: str, files: list[str], folder: Path) -> list[str]:
    """Fetch a package, lay its files below ``folder`` under their own paths, and return those it does not hold.

    A path may go on inside a Qt resource file (``.rcc``), as if that were a folder. Nothing of the package is run.
    Raises ``UserError`` where there is no apt, or apt does not know or reach the package.
    """
    with tempfile.TemporaryDirectory() as temporary:
        unpacked = Path(temporary, "unpacked")
        _run(["dpkg-deb", "-x", str(_download(package, Path(temporary))), str(unpacked)], package)
        resources: dict[str, dict[str, bytes]] = {}
        missing = []
        for file in files:
            content = _content(unpacked, file, resources)
            if content is None:
                missing.append(file)
            else:
                write_file(folder / file, partial(_write, content))
        return missing


def _download(package: str, folder: Path) -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise UserError(
            f"{package}: this system has no apt-get to fetch it; download the .deb from "
            f"{SOURCE_PAGE.format(package=package)}, unpack it (`ar x`, `tar xf data.tar.xz`) into data.root/{package}"
        )
    _run(["apt-get", "download", package], package, folder)
    return next(folder.glob("*.deb"))


def _run(command: list[str], package: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise UserError(
            f"{package}: `{' '.join(command[:2])}` failed ({reason}); run `apt-get update`, or get it from "
            f"{SOURCE_PAGE.format(package=package)}"
        )


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _content(unpacked: Path, file: str, resources: dict[str, dict[str, bytes]]) -> bytes | None:
    if ".rcc/" not in file:
        path = unpacked / file
        return path.read_bytes() if path.is_file() else None
    resource, _, member = file.partition(".rcc/")
    path = unpacked / f"{resource}.rcc"
    if resource not in resources:
        resources[resource] = dict(read_rcc(path.read_bytes())) if path.is_file() else {}
    return resources[resource].get(member)


def read_rcc(blob: bytes) -> Iterator[tuple[str, bytes]]:
    """Go through the files in a Qt resource file: (path, content).

    The format is a tree of records, a heap of names in UTF-16 and a heap of contents, each compressed by zlib or not
    (Qt's ``rcc --binary``). Raises ``UserError`` for what is no such file.
    """
    try:
        magic, version, tree, data, names = struct.unpack_from(">4s4I", blob)
        if magic != b"qres":
            raise ValueError("no Qt resource file")
        yield from _walk(blob, (tree, 14 if version < 2 else 22, data, names), 0, "")
    except (struct.error, ValueError, zlib.error) as error:
        raise UserError(f"a .rcc file of the package cannot be read: {error}") from error


def _walk(blob: bytes, layout: tuple[int, int, int, int], record: int, parent: str) -> Iterator[tuple[str, bytes]]:
    tree, step, data, names = layout
    name_at, flags, first, second = struct.unpack_from(">IHII", blob, tree + record * step)
    path = parent
    if record:  # the root has no name
        (length,) = struct.unpack_from(">H", blob, names + name_at)
        name = blob[names + name_at + 6 : names + name_at + 6 + 2 * length].decode("utf-16-be")
        path = f"{parent}/{name}" if parent else name
    if flags & 2:  # a folder: `first` children from record `second` on, all of them further back in the tree
        if second <= record:
            raise ValueError("a folder that contains itself")
        for child in range(second, second + first):
            yield from _walk(blob, layout, child, path)
        return
    start = data + second  # a file: `first` is its country and language
    (length,) = struct.unpack_from(">I", blob, start)
    content = blob[start + 4 : start + 4 + length]
    if flags & 4:
        raise ValueError(f"{path} is compressed by zstd")
    yield path, zlib.decompress(content[4:]) if flags & 1 else content
