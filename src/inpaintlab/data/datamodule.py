"""The loaders of a data set: seeded, resumable, the same for any number of workers."""

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.data.bad_images import BadImages
from inpaintlab.data.dataset import SPLITS, InpaintingDataset, Split
from inpaintlab.data.edges import CannyEdges
from inpaintlab.data.lists import Some, places_of, spread
from inpaintlab.data.pictures import Pictures, Repeated
from inpaintlab.data.sampler import KeyedSampler
from inpaintlab.data.views import Fit, Framing, Interpolation
from inpaintlab.data.workers import OutlivingLoader, outlive_sigterm
from inpaintlab.masks.base import MaskMaker

log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False, repr=False)
class InpaintingData(LightningDataModule):
    """What every data set shares; a set adds its own fields and implements ``images``.

    Set ``use_distributed_sampler=False`` on the Trainer: the samplers here divide the pictures among ranks themselves.
    Resuming is exact, also in mid-epoch: the state is (epoch, batches done), everything else follows from the seed.
    """

    mask: MaskMaker
    """Draws ``known``."""
    size: int
    """Side of the square picture, pixels."""
    channels: int
    """3 RGB, 1 grey."""
    batch_size: int
    """Pictures per process and step."""
    num_workers: int | None = None
    """Loader processes; None = one less than this process's share of the cores, at most 8."""
    seed: int = 0
    """Of order, views and masks."""
    train_fit: Fit = "crop"
    """How training pictures become squares, see ``Framing``."""
    eval_fit: Fit = "crop"
    """The same for validation and test; ``whole`` pictures come one by one."""
    center_crop: int | None = None
    """Keep only this many central pixels of the file."""
    zoom: tuple[float, float] = (1.0, 1.0)
    """Training, ``crop``: the shorter side is resized to zoom * size, zoom uniform in this interval."""
    scales: tuple[float, ...] = (1.0,)
    """Training, ``patch``: factors to choose from."""
    rotations: tuple[int, ...] = (0,)
    """Training: degrees to choose from, multiples of 90."""
    horizontal_flip: bool = False
    """Training: flip every second picture at random."""
    interpolation: Interpolation = "bicubic"
    """Filter by which pictures are resized, in training and in judging."""
    crops_per_picture: int = 1
    """Training: how often each picture is served per epoch, each time another view."""
    redraw: bool = True
    """Training: draw views and masks anew in each epoch; False = a fixed set of patches, as drawn for the first."""
    limit: int | dict[Split, int] | None = None
    """At most so many pictures of each split, or of those named, spread evenly."""
    list: str | dict[Split, str] | None = None
    """A text file of the pictures to take, in its order; or one for each split, {split: file}."""
    on_bad_image: Literal["fail", "skip"] = "fail"
    """Stop at an unreadable picture, or put the next one in its place and report it at the end."""
    edges: Mapping[str, float] | None = None
    """Training: {"sigma", "low", "high"} of the edges that come with the pictures, see ``CannyEdges``; None = none."""

    def __post_init__(self) -> None:
        super().__init__()
        # Name and set of further validation pictures, judged after the own; ``train`` sets it from ``val_data=``.
        self.also_val: tuple[str, InpaintingData] | None = None
        self._check()
        # The sizes travel in the checkpoint; the mask maker is no plain data, and the logger gets the whole config.
        self.save_hyperparameters(ignore=["mask"], logger=False)
        fixed = {"size": self.size, "center_crop": self.center_crop, "interpolation": self.interpolation}
        self._eval_view = Framing(fit=self.eval_fit, **fixed)
        self._train_view = Framing(
            fit=self.train_fit,
            zoom=tuple(self.zoom),
            scales=tuple(self.scales),
            rotations=tuple(self.rotations),
            horizontal_flip=self.horizontal_flip,
            random=True,
            **fixed,
        )
        self._edges = None if self.edges is None else CannyEdges(**self.edges)
        self._bad = BadImages() if self.on_bad_image == "skip" else None
        self._pictures: dict[Split, Pictures] = {}
        self._datasets: dict[Split, InpaintingDataset] = {}
        self._position = (0, 0)

    def images(self, split: Split) -> Pictures:
        """Return the pictures of ``train``, ``val`` or ``test``; empty where the set has no such split."""
        raise NotImplementedError

    def has(self, split: Split) -> bool:
        """Tell whether the set has pictures for this split."""
        if split not in self._pictures:
            pictures = self._chosen(split, self.images(split))
            self._pictures[split] = Repeated(pictures, self.crops_per_picture) if split == "train" else pictures
        return len(self._pictures[split]) > 0

    def list_of(self, split: Split) -> str | None:
        """Return the file that lists the pictures of a split, where one was given."""
        return self.list.get(split) if isinstance(self.list, Mapping) else self.list

    def _chosen(self, split: Split, pictures: Pictures) -> Pictures:
        """Take the pictures of the split's list, and no more than the limit."""
        file = self.list_of(split)
        if file is not None and len(pictures):
            pictures = Some(pictures, places_of([pictures.name(index) for index in range(len(pictures))], file))
        limit = self.limit.get(split) if isinstance(self.limit, Mapping) else self.limit
        return pictures if limit is None else Some(pictures, spread(len(pictures), limit))

    def notices(self) -> Sequence[str]:
        """Say what a reader of the numbers should know of the set, such as files that were passed over."""
        return []

    def dataset(self, split: Split) -> InpaintingDataset:
        """Return one split, made once; one without pictures raises ``UserError``."""
        if split not in self._datasets:
            if not self.has(split):
                raise UserError(
                    f"data: {type(self).__name__} has no {split} pictures; choose another data set for this split"
                )
            view = self._train_view if split == "train" else self._eval_view
            edges = self._edges if split == "train" else None
            self._datasets[split] = InpaintingDataset(
                self._pictures[split], split, view, self.mask, self.channels, self.seed, self._bad, edges, self.redraw
            )
        return self._datasets[split]

    @property
    def bad_images(self) -> dict[str, str]:
        """{name: reason} of the unreadable pictures met so far, by all workers of this process."""
        return self._bad.read() if self._bad else {}

    def setup(self, stage: str) -> None:
        """Find the pictures of the stage (``fit``, ``validate``, ``test``); may be called again."""
        if stage == "fit":
            self._check_batch(len(self.dataset("train")))
        elif stage == "test":
            self.dataset("test")
        ranks = self._shard()["ranks"]
        for split in ("val", "test"):
            if self.has(split) and len(self.dataset(split)) < ranks:
                raise UserError(
                    f"data: {len(self.dataset(split))} {split} pictures for {ranks} processes; use fewer processes"
                )

    def teardown(self, stage: str) -> None:
        """Report the unreadable pictures that others have replaced."""
        if bad := self.bad_images:
            log.warning("%s: %d unreadable pictures were replaced by others: %s", stage, len(bad), ", ".join(bad))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the shuffled loader; the last, incomplete batch is left out."""
        dataset = self.dataset("train")
        self._check_batch(len(dataset))
        trainer, (epoch, batch) = self.trainer, self._position
        self._position = (0, 0)  # the next fit with this object begins anew
        clock = None if trainer is None else lambda: trainer.current_epoch
        start = (epoch, batch * self.batch_size)
        sampler = KeyedSampler(len(dataset), self.seed, shuffle=True, clock=clock, start=start, **self._shard())
        return self._loader(dataset, sampler, self.batch_size, drop_last=True)

    def val_dataloader(self) -> DataLoader[Batch] | Sequence[DataLoader[Batch]]:
        """Return the loader of the validation pictures, or none where there are none; and that of ``also_val``."""
        if not self.has("val"):
            return []
        own = self._eval_loader("val")
        if self.also_val is None:
            return own
        other = self.also_val[1]
        other.trainer = self.trainer
        return [own, other._eval_loader("val")]

    def test_dataloader(self) -> DataLoader[Batch]:
        """Return the loader of the test pictures."""
        return self._eval_loader("test")

    def state_dict(self) -> dict[str, int]:
        """Return how far training is: {"epoch", "batch"}, the next batch to be trained on."""
        loop = self.trainer.fit_loop
        epoch, batch = self.trainer.current_epoch, loop.epoch_loop.batch_progress.current.processed
        if batch >= self.trainer.num_training_batches:
            # Lightning closes an epoch some time after its last batch, and forgets the batches when the next begins.
            epoch, batch = max(epoch, loop.epoch_progress.current.ready), 0
        return {"epoch": epoch, "batch": batch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on at that batch; ``train_dataloader`` is called afterwards."""
        self._position = (state_dict["epoch"], state_dict["batch"])
        # Lightning looks for a stateful loader, and finds that the sampler is none: not so, see above.
        warnings.filterwarnings("ignore", message="You're resuming from a checkpoint that ended before the epoch ended")

    def _check(self) -> None:
        for name in ("size", "batch_size", "crops_per_picture"):
            if getattr(self, name) < 1:
                raise UserError(f"data.{name}={getattr(self, name)}: expected at least 1")
        if self.channels not in (1, 3):
            raise UserError(f"data.channels={self.channels}: expected 3 (RGB) or 1 (grey)")
        if self.seed < 0:
            raise UserError(f"seed={self.seed}: expected 0 or more")
        for name in ("zoom", "scales", "rotations"):
            if not isinstance(getattr(self, name), (list, tuple)):
                raise UserError(f"data.{name}={getattr(self, name)}: expected a list, such as data.{name}=[1,1]")
        if unknown := set(self.edges or ()) - {field.name for field in fields(CannyEdges)}:
            raise UserError(f"data.edges: expected sigma, low and high, got {', '.join(sorted(map(str, unknown)))}")
        for name, given in (("list", self.list), ("limit", self.limit)):
            if isinstance(given, Mapping) and (unknown := set(given) - set(SPLITS)):
                raise UserError(f"data.{name}.{min(unknown)}: no such split; expected train, val or test")
        limits = self.limit.values() if isinstance(self.limit, Mapping) else [self.limit]
        if any(limit is not None and limit < 1 for limit in limits):
            raise UserError(f"data.limit={self.limit}: expected at least 1 picture, or null for all")
        if self.on_bad_image not in ("fail", "skip"):
            raise UserError(f"data.on_bad_image={self.on_bad_image}: expected fail or skip")

    def _check_batch(self, pictures: int) -> None:
        ranks = self._shard()["ranks"]
        if pictures // ranks < self.batch_size:
            raise UserError(
                f"data.batch_size={self.batch_size} x {ranks} processes: more than the {pictures} training pictures; "
                "lower it or add pictures"
            )

    def _shard(self) -> dict[str, int]:
        if self.trainer is None:
            return {"rank": 0, "ranks": 1}
        return {"rank": self.trainer.global_rank, "ranks": self.trainer.world_size}

    def _eval_loader(self, split: Split) -> DataLoader[Batch]:
        dataset = self.dataset(split)
        sampler = KeyedSampler(len(dataset), self.seed, shuffle=False, **self._shard())
        return self._loader(dataset, sampler, 1 if self.eval_fit == "whole" else self.batch_size, drop_last=False)

    def _loader(
        self, dataset: InpaintingDataset, sampler: KeyedSampler, batch_size: int, *, drop_last: bool
    ) -> DataLoader[Batch]:
        workers = self.workers()
        accelerator = self.trainer is not None and self.trainer.strategy.root_device.type != "cpu"
        return OutlivingLoader(
            dataset,
            batch_size=batch_size,
            sampler=sampler,
            drop_last=drop_last,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=accelerator,
            worker_init_fn=outlive_sigterm,
            # Its own, because a loader draws a number per iteration, and the model's stream must not depend on that.
            generator=torch.Generator().manual_seed(self.seed),
        )

    def workers(self) -> int:
        """Return the number of loader processes."""
        if self.num_workers is not None:
            return self.num_workers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        processes = 1 if self.trainer is None else self.trainer.num_devices
        return max(0, min(8, cores // processes - 1))
