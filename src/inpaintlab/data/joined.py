"""Several data sets as one: ``data=a+b``."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from PIL import Image
from torch.utils.data import Dataset

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, EdgeBatch
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import InpaintingDataset, Split
from inpaintlab.data.sampler import Key
from inpaintlab.masks.base import MaskMaker


class Joined(InpaintingData):
    """The pictures of all parts, one set after the other, in each split that any of them has.

    Each part cuts its own squares. What is drawn for a picture is a function of its number among all of them, so that
    pictures of two parts do not share their holes.

    Args:
        parts: {name: set}; their ``mask``, ``seed``, ``size``, ``channels`` and ``edges`` are the whole's.
        mask, size, channels, batch_size, num_workers, seed, edges: see ``InpaintingData``.
    """

    def __init__(
        self,
        *,
        parts: dict[str, InpaintingData],
        mask: MaskMaker,
        size: int,
        channels: int,
        batch_size: int,
        num_workers: int | None = None,
        seed: int = 0,
        edges: Mapping[str, float] | None = None,
    ) -> None:
        self.parts = parts
        for part in parts.values():
            part.mask = mask
        fits = {part.eval_fit for part in parts.values()}
        if len(fits) > 1 and "whole" in fits:
            raise UserError("data.parts: eval_fit=whole of one part alone; pictures come one by one, or they do not")
        super().__init__(
            mask=mask, size=size, channels=channels, batch_size=batch_size, num_workers=num_workers, seed=seed,
            edges=edges, eval_fit="whole" if fits == {"whole"} else "crop",
        )  # fmt: skip
        self._joined: dict[Split, JoinedDataset] = {}

    def prepare_data(self) -> None:
        """Let every part fetch what it fetches."""
        for part in self.parts.values():
            part.prepare_data()

    def has(self, split: Split) -> bool:
        """Tell whether any part has pictures for this split."""
        return any(part.has(split) for part in self.parts.values())

    def dataset(self, split: Split) -> "JoinedDataset":  # type: ignore[override]
        """Return one split, made once; one without pictures raises ``UserError``."""
        if split not in self._joined:
            there = {name: part for name, part in self.parts.items() if part.has(split)}
            if not there:
                raise UserError(f"data: none of {', '.join(self.parts)} has {split} pictures; add a set that has")
            self._joined[split] = JoinedDataset({name: part.dataset(split) for name, part in there.items()})
        return self._joined[split]

    def notices(self) -> Sequence[str]:
        """Return the notices of all parts, and how many pictures each has."""
        counts = [f"{len(d):,} of {name}" for name, d in self.dataset("train").datasets.items()]
        return [f"training pictures: {', '.join(counts)}", *(n for part in self.parts.values() for n in part.notices())]

    @property
    def bad_images(self) -> dict[str, str]:
        """{part/name: reason} of all parts."""
        return {f"{name}/{bad}": why for name, part in self.parts.items() for bad, why in part.bad_images.items()}


class JoinedDataset(Dataset[Batch]):
    """The items of several datasets, numbered on from one to the next."""

    def __init__(self, datasets: dict[str, InpaintingDataset]) -> None:
        self.datasets = datasets
        self._ends = list(accumulate(map(len, datasets.values())))
        for dataset, end in zip(datasets.values(), self._ends, strict=True):
            dataset.first = end - len(dataset)

    def __len__(self) -> int:
        return self._ends[-1]

    def name(self, index: int) -> str:
        """Return ``part/name``; no other item of the split has it."""
        part, own = self._find(index)
        return f"{part}/{self.datasets[part].name(own)}"

    def open(self, index: int) -> Image.Image:
        """Open a picture as it is; an unreadable one raises ``UserError``."""
        part, own = self._find(index)
        return self.datasets[part].open(own)

    def __getitem__(self, key: Key | int) -> Batch | EdgeBatch:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        part, own = self._find(index)
        return self.datasets[part][epoch, own]

    def _find(self, index: int) -> tuple[str, int]:
        """Return the part and its own number of item ``index``."""
        number = bisect_right(self._ends, index)
        part = list(self.datasets)[number]
        return part, index - self.datasets[part].first
