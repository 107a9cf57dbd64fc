"""Files: written so that they are whole at every moment, and read as if a stranger had written them."""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaintlab.basics.errors import UserError

if TYPE_CHECKING:
    from PIL import Image


def write_file(path: Path, save: Callable[[Path], object]) -> None:
    """Replace the file by what ``save`` writes under the name it is given; the folder is made if needed.

    Where that fails nothing is left behind; a full disk or a folder that cannot be written raises ``UserError``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def unwritable(path: Path, error: OSError) -> UserError:
    """Return the line for a file that the system did not let us write."""
    return UserError(
        f"{path}: cannot be written ({error.strerror or error}); make room, or choose a folder that can be written"
    )


def write_text(path: Path, text: str) -> None:
    """Replace the file by ``text``."""
    write_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_png(path: Path, image: "Image.Image", **options: Any) -> None:
    """Replace the file by the picture; ``options`` are PIL's."""
    write_file(path, lambda temporary: image.save(temporary, format="PNG", **options))


def write_json(path: Path, record: Any) -> None:
    """Replace the file by plain data as JSON that any reader takes: numbers that are not finite become null."""
    write_text(path, json.dumps(_finite(record), indent=2, allow_nan=False) + "\n")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


LARGEST = 2**28
"""Bytes of a JSON file that is read; memory holds several times as much."""


def load_json(path: Path, largest: int = LARGEST) -> Any:
    """Read a JSON file that anybody may have written; ``ValueError`` says what is wrong with it.

    Only regular files are opened, since a pipe would be waited for, for ever; nor is anything larger, or nested
    deeper than Python goes.
    """
    if not path.is_file():
        raise ValueError("no such file" if not path.exists() else "no regular file")
    if (size := path.stat().st_size) > largest:
        raise ValueError(f"{size:,} bytes, more than the {largest:,} that such a file may have")
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object of JSON; None where there is no file, ``UserError`` for what is none."""
    if not path.exists():
        return None
    try:
        record = load_json(path)
    except ValueError as error:
        raise UserError(f"{path}: unreadable ({error}); repair or remove it") from error
    if not isinstance(record, dict):
        raise UserError(f"{path}: expected an object of JSON; repair or remove it")
    return record


def inside(folder: Path, name: Any) -> Path:
    """Return the file that a record, a manifest or an index names; it must lie in the folder, links followed.

    ``UserError`` for ``../x``, ``/x``, a link that leads out of the folder, and for what is no name.
    """
    if not isinstance(name, str) or not name or "\0" in name or not is_encodable(name):
        raise UserError(f"{folder}: names {_brief(name)} among its files; expected a name in the folder")
    place = Path(os.path.realpath(folder / name))
    if Path(name).is_absolute() or ".." in Path(name).parts or not place.is_relative_to(os.path.realpath(folder)):
        raise UserError(f"{folder}: names {_brief(name)}, which lies outside of this folder; nothing there is touched")
    return folder / name


def is_encodable(name: str) -> bool:
    """Tell whether a file can be called so: half of a surrogate pair, which JSON can hold, is no letter."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def printable(text: str) -> str:
    """Return the text with what UTF-8 cannot write, such as bytes of an older file name, written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
