"""Data sets that torchvision knows: it finds, and where it can fetches, the pictures; labels are ignored."""

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import Dataset
from torchvision import datasets

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import DECODE_ERRORS, open_image, unreadable
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import Split
from inpaintlab.data.location import absolute, check_location


@dataclass(kw_only=True, eq=False, repr=False)
class TorchvisionSet(InpaintingData):
    """A class of ``torchvision.datasets``; ``splits`` gives its arguments for each split.

    A split that torchvision lacks (no arguments given) is taken out of the training pictures: ``val_fraction`` of them.
    """

    torchvision_class: str
    """The class in torchvision.datasets."""
    root: str
    """Folder of the set; relative to where the run was started."""
    splits: dict[str, dict[str, Any] | None]
    """{split: keyword arguments of the class}."""
    layout: list[str] = field(default_factory=list)
    """Globs of what must lie under root; ``a|b`` accepts either."""
    download: bool | None = False
    """Let torchvision fetch it; None where torchvision cannot."""
    obtain: str | None = None
    """Where to obtain the set, for the message when it is missing."""
    val_fraction: float = 0.0
    """Share of the training pictures held out for validation, where the set has none."""

    def prepare_data(self) -> None:
        """Fetch the set, once per machine."""
        if self.download:
            for split in self.splits:
                if self.splits[split] is not None:
                    self._open(split, download=True)

    def images(self, split: Split) -> "TorchvisionPictures":
        """Return one split's pictures."""
        held_out = split != "test" and self.splits.get("val") is None and self.val_fraction > 0
        if self.splits.get(split) is None and not (split == "val" and held_out):
            return TorchvisionPictures(self.torchvision_class, [], [])
        check_location({key: getattr(self, key) for key in ("root", "layout", "obtain", "download")})
        dataset = self._open("train" if held_out else split)
        indices = np.arange(len(dataset))
        if held_out:
            order = np.random.default_rng(0).permutation(len(dataset))
            count = max(1, round(self.val_fraction * len(dataset)))
            indices = np.sort(order[:count] if split == "val" else order[count:])
        return TorchvisionPictures(self.torchvision_class, dataset, indices)

    def _open(self, split: str, download: bool = False) -> Dataset:
        kind = getattr(datasets, self.torchvision_class)
        accepted = inspect.signature(kind).parameters
        arguments = dict(self.splits[split])
        if "loader" in accepted or "kwargs" in accepted:
            arguments["loader"] = open_image  # torchvision's own would flatten every mode to RGB
        if download:
            if "download" not in accepted:
                raise UserError(
                    f"data.download=true: torchvision cannot fetch {self.torchvision_class}; obtain it: {self.obtain}"
                )
            arguments["download"] = True
        root = absolute(self.root)
        if download:
            root.mkdir(parents=True, exist_ok=True)
        try:
            return kind(str(root), **arguments)
        except ImportError as error:
            raise UserError(f"data: {self.torchvision_class} needs a package: pip install {error.name}") from error
        except Exception as error:  # whatever torchvision and its archives raise, the user's question is the same
            reason = str(error).splitlines()[0] if str(error) else repr(error)
            raise UserError(
                f"{root}: torchvision finds no {self.torchvision_class} for {split} ({reason}); expected there: "
                f"{', '.join(self.layout)}; obtain it: {self.obtain}"
            ) from error


class TorchvisionPictures:
    """Some of a torchvision data set's pictures."""

    def __init__(self, kind: str, dataset: Dataset, indices: np.ndarray) -> None:
        self.kind, self.dataset, self.indices = kind, dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Image.Image:
        try:
            return self.dataset[int(self.indices[index])][0]
        except DECODE_ERRORS as error:
            raise unreadable(f"{self.kind}/{self.name(index)}", error) from error

    def name(self, index: int) -> str:
        """Return the file's path under the set's root where there are files, else the number."""
        place = int(self.indices[index])
        for attribute in ("imgs", "_image_files", "filename"):
            files = getattr(self.dataset, attribute, None)
            if isinstance(files, list):
                file = Path(files[place][0] if attribute == "imgs" else files[place])
                return (file.relative_to(self.dataset.root) if file.is_absolute() else file).as_posix()
        return f"{place:06d}"
