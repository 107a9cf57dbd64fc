"""The manifest of a frozen set of masks: what ``inpaintlab masks`` writes and ``inpaintlab evaluate`` verifies.

Free of torch, so that a set that is not there is answered at once.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside, load_json
from inpaintlab.basics.kinds import is_of

SCHEMA = 1
KINDS: dict[str, Any] = {"complete": bool, "size": int, "buckets": list[list[float]], "borders": list[str],
                         "files": list[dict[str, Any]]}  # fmt: skip
"""What a manifest must hold."""
Entry = dict[str, Any]
"""One file: path within the folder, index in its cell, seed of its generator, hole_ratio, sha256."""


def load_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json`` without looking at the masks."""
    path = folder / "manifest.json"
    try:
        manifest = load_json(path)
    except ValueError as error:
        raise UserError(f"{path}: no readable manifest ({error}); make the set with `inpaintlab masks`") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError(f"{path}: expected schema {SCHEMA}; make the set again with `inpaintlab masks`")
    for name, kind in KINDS.items():
        if not is_of(manifest.get(name), kind):
            raise UserError(f"{path}: its {name} are not as written; make the set again with `inpaintlab masks`")
    if not all(is_of(entry.get(name), str) for entry in manifest["files"] for name in ("path", "sha256")):
        raise UserError(f"{path}: its files have no path or sha256; make the set again with `inpaintlab masks`")
    return manifest


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest of a frozen set and verify it: complete, and every file as it was written."""
    manifest = load_manifest(Path(folder))
    if not manifest["complete"]:
        raise UserError(f"{folder}: the set is not complete; call `inpaintlab masks` again with the same words")
    for entry in manifest["files"]:
        if not is_whole(Path(folder), entry):
            raise UserError(
                f"{Path(folder, entry['path'])}: missing or altered since it was frozen; freeze the set again"
            )
    return manifest


def is_whole(folder: Path, entry: Entry) -> bool:
    """Tell whether a file is there, byte by byte."""
    path = inside(folder, entry["path"])
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]


def cell_name(bucket: Sequence[float], border: str) -> str:
    """Return the folder of a cell: ``0.01-0.1/touch``."""
    return f"{bucket[0]:g}-{bucket[1]:g}/{border}"
