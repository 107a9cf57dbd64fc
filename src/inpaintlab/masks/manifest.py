"""The manifest of a frozen set of masks: what ``inpaintlab masks`` writes and ``inpaintlab evaluate`` verifies.

Free of torch, so that a set that is not there is answered at once.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError

SCHEMA = 1
Entry = dict[str, Any]
"""One file: path within the folder, index in its cell, seed of its generator, hole_ratio, sha256."""


def load_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json`` without looking at the masks."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: no readable manifest ({error}); make the set with `inpaintlab masks`") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError(f"{path}: expected schema {SCHEMA}; make the set again with `inpaintlab masks`")
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
    path = folder / entry["path"]
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]


def cell_name(bucket: Sequence[float], border: str) -> str:
    """Return the folder of a cell: ``0.01-0.1/touch``."""
    return f"{bucket[0]:g}-{bucket[1]:g}/{border}"
