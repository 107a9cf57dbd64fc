"""Where a data set lies: the check that answers a wrong path within seconds, before torch is imported."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import OTHER_SUFFIXES, SUFFIXES
from inpaintlab.data.images import read_image

SAMPLING_SECONDS = 1.5
"""How long the check decodes pictures: an early warning, the rest is checked when its turn comes."""


def check_location(
    node: Mapping[str, Any], *, sample: bool = True, name: str = "data", results: Path | None = None
) -> None:
    """Check a ``data`` node of the configuration; return, or raise ``UserError`` with path, layout and source.

    Looks at ``root``, ``layout``, ``obtain``, ``download`` and ``on_bad_image``; a set without ``root`` needs no place.
    ``layout`` is what must lie under the root: {split: [folders or globs of pictures]}, or a list of globs of which
    ``a|b`` accepts either, or null for any pictures. With ``sample`` some pictures are decoded, for a second or two,
    unless bad ones are to be skipped. ``name`` is the node's; of several sets as one (``parts``) each is looked at.
    ``results`` is a folder that will have pictures of its own, which may not be among those of the set.
    """
    for part in _value(node, "parts") or ():
        check_location(node["parts"][part], sample=sample, name=f"{name}.parts.{part}", results=results)
    if "root" not in set(node):  # a DictConfig says "not in" for ??? as well, but lists it
        return
    layout = _value(node, "layout")
    expected = f"expected there: {_describe(layout)}"
    if obtain := _value(node, "obtain"):
        expected += f"; obtain it: {obtain}"
    if _value(node, "download") is False:
        expected += "; or let it be fetched: data.download=true"
    if _value(node, "root") is None:
        raise UserError(f"{name}.root=<folder> is needed; {expected}")
    if re.match(r"\w\w+:", str(node["root"])):  # s3:// and the like: the set itself looks there
        return
    root = absolute(node["root"])
    if _value(node, "download"):
        return
    if not root.exists():
        raise UserError(f"{root}: no such folder; {expected}")
    if not root.is_dir():
        raise UserError(f"{root}: a file, where a folder is needed; {expected}")
    if next(root.iterdir(), None) is None:
        raise UserError(f"{root}: the folder is empty; {expected}")
    if isinstance(layout, Mapping) or layout is None:
        _check_pictures(root, layout, expected)
        if results is not None and _is_among(results.resolve(), root, layout):
            raise UserError(
                f"{results}: lies among the pictures of {name}.root={root}, which its own would join; "
                "give another folder for the results"
            )
        if sample and _value(node, "on_bad_image") != "skip":
            _sample(root, layout)
    else:
        for entry in layout:
            if not any(True for pattern in entry.split("|") for _ in root.glob(pattern)):
                raise UserError(f"{root}: no {entry.replace('|', ' or ')}; {expected}")


def absolute(root: str | Path) -> Path:
    """Return the absolute path, with ``~`` expanded; symbolic links stay."""
    return Path(os.path.abspath(Path(root).expanduser()))


def pictures(root: Path, entries: list[str]) -> Iterator[Path]:
    """Walk through the picture files of a layout's entries in sorted order.

    A folder gives everything below it, ``.`` the root, a glob what it matches. Hidden files and folders
    are passed over; linked folders are followed once.
    """
    for entry in entries:
        for match in _matches(root, entry):
            if match.is_dir():
                yield from _walk(match, set())
            elif match.suffix.lower() in SUFFIXES and match.is_file() and not match.name.startswith("."):
                yield match


def count_others(folder: Path) -> str:
    """Say how many files of a folder are pictures that cannot be read here: "" or "not read: 3 .heic (...)"."""
    endings = Counter(path.suffix.lower() for path in folder.rglob("*") if not path.name.startswith("."))
    told = ", ".join(f"{endings[ending]} {ending}" for ending in sorted(endings) if ending in OTHER_SUFFIXES)
    return f"not read: {told} (convert them to png or jpg)" if told else ""


def _walk(folder: Path, seen: set[str]) -> Iterator[Path]:
    if (real := os.path.realpath(folder)) in seen:
        return
    seen.add(real)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__MACOSX")):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), seen)
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES and entry.is_file():
            yield Path(entry.path)


def _value(node: Mapping[str, Any], key: str) -> Any:
    """Return the value, or None where it is absent or marked ``???`` (reading such a key would raise)."""
    if key not in node or node[key] == "???":  # a DictConfig says "not in" for ???
        return None
    return node[key]


def _describe(layout: Any) -> str:
    if layout is None:
        return "pictures, in any folders, or in train/, val/ and test/"
    if isinstance(layout, Mapping):
        return ", ".join(f"{split} pictures in {_places(layout[split])}" for split in layout if layout[split])
    return ", ".join(entry.replace("|", " or ") for entry in layout)


def _places(entries: list[str]) -> str:
    return " and ".join("any folders" if entry == "." else entry for entry in entries)


def _check_pictures(root: Path, layout: Mapping[str, list[str]] | None, expected: str) -> None:
    for split, entries in (layout or {"train": ["."]}).items():
        if split not in ("train", "val", "test"):
            raise UserError(f"data.layout.{split}: no such split; expected train, val or test")
        _check_entries(split, entries)
        if entries and next(pictures(root, list(entries)), None) is None:
            wanted, hint = "pictures", ""
            if layout is not None:
                wanted = f"{split} pictures in {_places(entries)}"
                hint = f"; or say where they lie: data.layout.{split}=[<folder or glob>]"
            raise UserError(f"{root}: no {wanted} ({' '.join(sorted(SUFFIXES))}); {expected}{hint}")


def _is_among(results: Path, root: Path, layout: Mapping[str, list[str]] | None) -> bool:
    """Tell whether a folder lies where ``pictures`` walks."""
    if layout is None:
        layout = {"all": ["train", "val", "test"] if (root / "train").is_dir() else ["."]}
    places = [place for entries in layout.values() for entry in entries or () for place in _matches(root, entry)]
    return any(results.is_relative_to(place.resolve()) for place in places)


def _matches(root: Path, entry: str) -> list[Path]:
    return [root] if entry == "." else sorted(root.glob(entry))


def _check_entries(split: str, entries: Any) -> None:
    if isinstance(entries, str):
        raise UserError(f"data.layout.{split}={entries}: expected a list, data.layout.{split}=[{entries}]")
    for entry in entries or ():
        if Path(entry).is_absolute() or ".." in Path(entry).parts:
            raise UserError(f"data.layout.{split}: {entry} lies outside of data.root; name a folder or glob below it")


def _sample(root: Path, layout: Mapping[str, list[str]] | None) -> None:
    end = time.monotonic() + SAMPLING_SECONDS
    entries = ["."] if layout is None else [entry for split in layout for entry in layout[split] or ()]
    for path in pictures(root, entries):
        if time.monotonic() > end:
            return
        read_image(path, 3)
