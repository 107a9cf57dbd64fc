"""Everything one evaluation needs: the model, the pictures with their holes, and what judges them."""

import copy
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch.utils.data import Dataset

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import InpaintingDataset
from inpaintlab.data.lists import spread
from inpaintlab.data.pictures import content_sha256
from inpaintlab.evaluation.deep_features import DeepFeatures
from inpaintlab.evaluation.holes import list_holes, make_masks, share_of
from inpaintlab.evaluation.processes import ProcessGroup
from inpaintlab.evaluation.settings import TRAVELS, is_given, measures_of
from inpaintlab.masks.base import MaskMaker
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.loading import choose_device, load_given
from inpaintlab.records.cells import Cell
from inpaintlab.records.measures import words_of

if TYPE_CHECKING:
    from inpaintlab.metrics.protocol import Protocol


class CellPictures(Dataset[Batch]):
    """The pictures of one split under the masks of every cell: item (cell, index) is a ``Batch`` of one sample."""

    def __init__(self, pictures: InpaintingDataset, masks: list[MaskMaker]) -> None:
        self.parts = []
        for mask in masks:
            part = copy.copy(pictures)
            part.mask = mask
            self.parts.append(part)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        cell, index = key
        return self.parts[cell][index]


@dataclass(frozen=True)
class Setup:
    """One evaluation, as each of its processes sees it."""

    cfg: DictConfig
    group: ProcessGroup
    model: InpaintingModule
    data: InpaintingData
    cells: list[Cell]
    pictures: CellPictures
    indices: list[int]
    """The chosen pictures of the split, by their place in it."""
    own: list[list[int]]
    """Those of each cell: all of them, or with ``pairing=once`` its share."""
    batch_size: int
    protocols: "dict[str, Protocol]"
    features: DeepFeatures

    @property
    def output(self) -> Path:
        """The folder of everything that is written."""
        return Path(self.cfg.output)

    @property
    def device(self) -> torch.device:
        """The device of the model."""
        return self.model.device

    @property
    def once(self) -> bool:
        """Tell whether each picture is judged under one mask alone."""
        return self.cfg.pairing == "once"

    def batches(self, cell: int) -> int:
        """Return the number of batches of a cell."""
        return math.ceil(len(self.own[cell]) / self.batch_size)

    @property
    def scored(self) -> list[str]:
        """The measures of single pictures that are asked for."""
        return [word for word in words_of("picture") if word in self.cfg.measures]

    def positions(self, cell: int, batch: int) -> range:
        """Return which of the cell's pictures make a batch; the same ones whatever the number of processes."""
        return range(batch * self.batch_size, min((batch + 1) * self.batch_size, len(self.own[cell])))

    def name(self, index: int) -> str:
        """Return a picture's name."""
        return self.pictures.parts[0].name(index)

    @cached_property
    def pictures_sha256(self) -> str:
        """The hash of the chosen pictures' names and content, as they were when it was first asked for."""
        return content_sha256(self.pictures.parts[0].pictures, self.indices)

    def is_saved(self, cell: int, position: int) -> bool:
        """Tell whether the picture at this place of the cell's is written out."""
        count, total = self.cfg.save, len(self.own[cell])
        if count == "all" or count >= total:
            return True
        return any(position == step * total // count for step in range(count))


def make_setup(cfg: DictConfig, group: ProcessGroup) -> Setup:
    """Load and build everything; whatever is wrong with it is told before the first prediction."""
    holes = list_holes(cfg)
    cfg.measures = measures_of(cfg.measures, cfg.protocols)
    protocols: dict[str, Protocol] = {
        str(name): instantiate(node, _convert_="all") for name, node in cfg.protocols.items()
    }
    device = own_device(cfg.device, group)
    for protocol in protocols.values():
        protocol.prepare(cfg.measures, device, cfg.weights)
    features = DeepFeatures(cfg, protocols, device)
    model, trained_on = load_given(cfg.ckpt, cfg.model, device, cfg.trust)
    data = make_data(cfg, trained_on)
    check_size(cfg, data)
    pictures = data.dataset(cfg.split)
    indices = spread(len(pictures), cfg.limit)  # evenly, since neighbours are often alike
    cells = [one.cell for one in holes]
    return Setup(
        cfg=cfg,
        group=group,
        model=model,
        data=data,
        cells=cells,
        pictures=CellPictures(pictures, make_masks(cfg, holes, indices)),
        indices=indices,
        own=[share_of(cell, cells, indices, cfg.pairing) for cell in range(len(cells))],
        batch_size=1 if data.eval_fit == "whole" else data.batch_size,  # pictures of different sizes do not stack
        protocols=protocols,
        features=features,
    )


def own_device(name: str, group: ProcessGroup) -> torch.device:
    """Return the device of this process; a GPU each where there are several processes."""
    device = choose_device(name)
    if device.type != "cuda" or group.size == 1:
        return device
    there = torch.cuda.device_count()
    if group.local_rank >= there:
        raise UserError(f"devices={group.size}: only {there} GPUs here; lower it, or use device=cpu")
    device = torch.device("cuda", group.local_rank)
    torch.cuda.set_device(device)
    return device


def make_data(cfg: DictConfig, trained_on: dict[str, Any]) -> InpaintingData:
    """Build the data module; how pictures are cut and resized is as in the model's training, unless words say else."""
    if "parts" in cfg.data:
        raise UserError(f"data={cfg.choices.data}: several sets as one are for training; judge them one by one")
    for key in TRAVELS:
        if trained_on.get(key) is not None and not is_given(key, cfg.overrides):
            cfg.data[key] = trained_on[key]
    cfg.data.interpolation = cfg.data.interpolation or "bicubic"
    for key in ("size", "channels"):
        if cfg.data[key] is None:
            cfg.data[key] = trained_on.get(key)
        if cfg.data[key] is None:
            known = f"ckpt={cfg.ckpt}: does not tell the {key} of its training" if cfg.ckpt else f"data.{key}=null"
            raise UserError(f"{known}; give data.{key}=...")
    data: InpaintingData = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    return data


def check_size(cfg: DictConfig, data: InpaintingData) -> None:
    """Refuse a frozen set of another size at once."""
    if cfg.masks is None or data.eval_fit == "whole":
        return
    from inpaintlab.masks.manifest import load_manifest

    size = load_manifest(Path(cfg.masks))["size"]
    if size != data.size:
        raise UserError(
            f"masks={cfg.masks}: masks of {size} px, but the pictures are {data.size} px; "
            f"use data.size={size}, or freeze a set of that size: inpaintlab masks size={data.size}"
        )
