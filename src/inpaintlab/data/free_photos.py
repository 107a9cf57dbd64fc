"""Photographs under free licences, out of Debian packages."""

import csv
import hashlib
import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from inpaintlab.basics.errors import UserError
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import Split
from inpaintlab.data.debian_packages import obtain_files
from inpaintlab.data.images import decode, open_image
from inpaintlab.data.location import absolute, check_location
from inpaintlab.data.photos import InMemory, shrink
from inpaintlab.data.pictures import Files, Pictures

LIST = Path(__file__).with_name("free_photos.csv")
"""package, file, licence: the photographs among the pictures of these packages, chosen by eye; licences as each
package's debian/copyright states them."""
SPLIT_OF_DIGIT = {"0": "val", "1": "val", "2": "test", "3": "test", "4": "test"}
"""The first hexadecimal digit of the SHA-256 of the bare file name says what is held out; all others train."""

log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False, repr=False)
class FreePhotos(InpaintingData):
    """The photographs of ``LIST`` below ``root``, one folder per package.

    Training pictures are decoded once, reduced to what the views need, and kept in memory: a 4K file would otherwise be
    decoded for every crop. ``crops_per_picture`` says how many crops of each make an epoch.
    """

    root: str
    """Folder of the photographs; relative to where the run was started."""
    download: bool = False
    """Fetch the packages that ``root`` lacks, by ``apt-get download``."""
    layout: list[str] | None = None
    """Globs of what must lie under root, for the message when it is missing."""
    obtain: str | None = None
    """Where to obtain the photographs, likewise."""

    def prepare_data(self) -> None:
        """Fetch what is missing, once per machine."""
        if not self.download:
            return
        wanted = defaultdict(list)
        for package, file in listed():
            if not (self._root / package / file).is_file():
                wanted[package].append(file)
        for package, files in wanted.items():
            log.info("fetching %d photographs of %s", len(files), package)
            for file in obtain_files(package, files, self._root / package):
                log.warning("%s: this version of the package has no %s", package, file)

    def images(self, split: Split) -> Pictures:
        """Return one split's photographs, in the list's order."""
        files = self._files[split]
        shorter = self._train_view.shorter
        if split != "train" or shorter is None:
            return files
        photographs = {}
        for index in range(len(files)):
            name = files.name(index)
            picture = decode(open_image(self._root / name), self.channels, name, shorter)
            photographs[name] = shrink(picture, shorter, self._train_view.filter)
        return InMemory(photographs)

    @property
    def _root(self) -> Path:
        return absolute(self.root)

    @cached_property
    def _files(self) -> dict[Split, Files]:
        check_location({name: getattr(self, name) for name in ("root", "layout", "obtain", "download")}, sample=False)
        paths: dict[Split, list[Path]] = {"train": [], "val": [], "test": []}
        for package, file in listed():
            path = self._root / package / file
            if path.is_file():
                paths[split_of(path.name)].append(path)
        if not any(paths.values()):
            raise UserError(f"{self._root}: none of the listed photographs lies there; obtain them: {self.obtain}")
        return {split: Files(self._root, found) for split, found in paths.items()}


def listed() -> list[tuple[str, str]]:
    """Return (package, file) of every photograph."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [(row["package"], row["file"]) for row in csv.DictReader(file)]


def split_of(name: str) -> Split:
    """Return the split of a bare file name."""
    return SPLIT_OF_DIGIT.get(hashlib.sha256(name.encode()).hexdigest()[0], "train")
