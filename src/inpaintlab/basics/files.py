"""Files that are whole at every moment: written under another name, then renamed."""

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


def write_file(path: Path, save: Callable[[Path], object]) -> None:
    """Replace the file by what ``save`` writes under the name it is given; the folder is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a file of this project's; None where there is none. They are replaced as a whole, so never half there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
