"""Pictures in folders: any tree, or a documented layout; the split is written down once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import load_json, write_json
from inpaintlab.basics.pictures import PAGED, count_frames, open_image
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import SPLITS, Split
from inpaintlab.data.lists import places_of
from inpaintlab.data.location import absolute, check_location, count_others, pictures
from inpaintlab.data.pictures import Files

SPLIT_FILE = ".inpaintlab-split.json"
LOOKED_AT = 2000
"""Files of which the pages are counted at the start; each has to be opened."""


@dataclass(kw_only=True, eq=False, repr=False)
class Folder(InpaintingData):
    """Picture files under ``root``, of any size and mode.

    ``layout`` says where each split lies. Without it, ``train/``, ``val/`` and ``test/`` are used where ``root`` has a
    ``train/``; else everything below ``root`` is for training. A split that has no place of its own is taken out of
    the training pictures at random, ``val_fraction`` or ``test_fraction`` of them, the same for every seed; the names
    taken are written once to ``split_file`` and reused, so a picture that comes later belongs to training. What val or
    test names is not trained on. The files of ``list={split: file}`` name their pictures anywhere below ``root``.
    """

    root: str
    """Folder of the set; relative to where the run was started."""
    layout: dict[str, list[str] | None] | None = None
    """{split: [folders or globs under root]}; ``.`` is the root itself."""
    val_fraction: float = 0.0
    """Share of the training pictures held out for validation, where the layout has none."""
    test_fraction: float = 0.0
    """The same for test."""
    split_file: str | None = None
    """Where the split is written; None = ``.inpaintlab-split.json`` in the root."""
    obtain: str | None = None
    """Where to obtain the set, for the message when it is missing."""

    def images(self, split: Split) -> Files:
        """Return one split's files, in sorted order."""
        return Files(self._root, self._split[split])

    def notices(self) -> Sequence[str]:
        """Count the files that are pictures but cannot be read, and those with pages of which the first is taken."""
        told = [f"{self._root}: {others}"] if (others := count_others(self._root)) else []
        paged = [path for split in SPLITS for path in self._split[split] if path.suffix.lower() in PAGED]
        several = [path for path in paged[:LOOKED_AT] if _has_pages(path)]
        if several:
            among = f" of the first {LOOKED_AT:,}" if len(paged) > LOOKED_AT else ""
            what = f"{len(several)} files{among} have several pages or frames, such as {several[0].name}"
            told.append(f"{self._root}: {what}; the first of each is taken")
        return told

    @property
    def _root(self) -> Path:
        return absolute(self.root)

    @cached_property
    def _split(self) -> dict[Split, list[Path]]:
        check_location({name: getattr(self, name) for name in ("root", "layout", "obtain")}, sample=False)
        layout = self.layout
        if layout is None and (self._root / "train").is_dir():
            layout = {split: [split] for split in SPLITS if (self._root / split).is_dir()}
        layout = layout or {"train": ["."]}
        # A file that two entries match counts once.
        split = {name: list(dict.fromkeys(pictures(self._root, layout.get(name) or []))) for name in SPLITS}
        if isinstance(self.list, dict):  # lists of splits choose among everything below the root
            everything = list(dict.fromkeys(pictures(self._root, ["."])))
            names = Files(self._root, everything).names
            split |= {name: [everything[place] for place in places_of(names, file)] for name, file in self.list.items()}
        named = {path for name in ("val", "test") for path in split[name]}
        split["train"] = [path for path in split["train"] if path not in named]
        shares = {"val": self.val_fraction, "test": self.test_fraction}
        shares = {name: share for name, share in shares.items() if share and not split[name] and split["train"]}
        if shares:
            held_out = hold_out(split["train"], shares, self._root, self._split_file)
            taken = {path for paths in held_out.values() for path in paths}
            split.update(held_out, train=[path for path in split["train"] if path not in taken])
        return split

    @property
    def _split_file(self) -> Path:
        return absolute(self.split_file) if self.split_file else self._root / SPLIT_FILE


def _has_pages(path: Path) -> bool:
    try:
        with open_image(path) as image:
            return count_frames(image) > 1
    except UserError:  # told when its turn comes
        return False


def hold_out(paths: list[Path], shares: dict[str, float], root: Path, file: Path) -> dict[str, list[Path]]:
    """Take a random share of the paths for each split: {split: paths}, read from ``file`` or else written to it."""
    if file.exists():
        return _read(file, paths, shares, root)
    counts = {name: max(1, round(share * len(paths))) for name, share in shares.items()}
    if any(share < 0 for share in shares.values()) or sum(counts.values()) >= len(paths):
        wanted = ", ".join(f"data.{name}_fraction={share}" for name, share in shares.items())
        raise UserError(
            f"{root}: {wanted} of {len(paths)} pictures leave none for training; lower them or add pictures"
        )
    order = np.random.default_rng(0).permutation(len(paths))
    held_out, begin = {}, 0
    for name, count in counts.items():
        held_out[name] = [paths[index] for index in sorted(order[begin : begin + count])]
        begin += count
    _write(file, held_out, shares, root)
    return held_out


def _read(file: Path, paths: list[Path], shares: dict[str, float], root: Path) -> dict[str, list[Path]]:
    try:
        written = load_json(file)
        held_out = {name: [root / picture for picture in written["held_out"][name]] for name in written["shares"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{file}: not a split that was written here ({error!r}); delete it to draw a new one"
        ) from error
    if written["shares"] != shares:
        raise UserError(
            f"{file}: written for the shares {written['shares']}, asked for {shares}; "
            "delete it to draw a new split, or name another data.split_file"
        )
    there = set(paths)
    if missing := [path for paths in held_out.values() for path in paths if path not in there]:
        raise UserError(
            f"{missing[0]}: held out by {file} but gone ({len(missing)} such); "
            "put it back, or delete the split file to draw a new one"
        )
    return held_out


def _write(file: Path, held_out: dict[str, list[Path]], shares: dict[str, float], root: Path) -> None:
    names = {name: [path.relative_to(root).as_posix() for path in paths] for name, paths in held_out.items()}
    try:
        write_json(file, {"shares": shares, "held_out": names})
    except UserError as error:
        reason = getattr(error.__cause__, "strerror", error)
        raise UserError(f"{file}: the split cannot be written ({reason}); give data.split_file=<path>") from error
