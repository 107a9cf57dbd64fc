"""Which holes a model is judged on: a list of cells, each with a mask maker of its own.

Free of torch until the makers are asked for.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.manifest import cell_name, read_manifest
from inpaintlab.records.markdown import bucket_name

if TYPE_CHECKING:
    from inpaintlab.masks.base import MaskMaker

Bucket = tuple[float, float] | Literal["regular"] | None


@dataclass(frozen=True)
class Cell:
    """One bucket of hole ratios and one border class, over which every picture is judged once."""

    bucket: Bucket
    """(low, high]; ``regular`` is the central square of half the side; None is the masks as they are."""
    border: str
    """any | touch | clear."""
    files: tuple[str, ...] | None = None
    """The frozen masks; None: drawn."""

    @property
    def folder(self) -> str:
        """Name the folder for the cell's pictures, such as ``0.1-0.2/touch``."""
        if self.bucket is None:
            return "as_they_are"
        return self.bucket if isinstance(self.bucket, str) else cell_name(self.bucket, self.border)

    @property
    def where(self) -> dict[str, Any]:
        """Return {bucket, border} as plain data."""
        return {"bucket": list(self.bucket) if isinstance(self.bucket, tuple) else self.bucket, "border": self.border}

    @property
    def is_drawn_to_ratio(self) -> bool:
        """Tell whether the cell belongs to the pool of all buckets."""
        return isinstance(self.bucket, tuple)


def list_cells(cfg: DictConfig) -> list[Cell]:
    """Return the cells in the order of the table; a frozen set is verified, byte by byte."""
    cells = drawn_cells(cfg) if cfg.masks is None else frozen_cells(cfg)
    if len(set(cells)) < len(cells):
        raise UserError("buckets and borders: a pair is given twice; name each one once")
    return [*cells, Cell("regular", "any")] if cfg.regular else cells


def drawn_cells(cfg: DictConfig) -> list[Cell]:
    """Return every given bucket with every given border."""
    if cfg.buckets is None:
        return [Cell(None, "any")]
    return [Cell(as_bucket(bucket), border) for bucket in cfg.buckets for border in cfg.borders or ["any"]]


def frozen_cells(cfg: DictConfig) -> list[Cell]:
    """Return the given cells of a frozen set, or all that it has."""
    manifest, folder = read_manifest(cfg.masks), Path(cfg.masks)
    buckets = [as_bucket(bucket) for bucket in manifest["buckets"]]
    borders = manifest["borders"]
    for name, given, there in (
        ("buckets", None if cfg.buckets is None else [as_bucket(bucket) for bucket in cfg.buckets], buckets),
        ("borders", cfg.borders, borders),
    ):
        if missing := [one for one in given or () if one not in there]:
            wanted, has = (", ".join(bucket_name(one) for one in ones) for ones in (missing[:1], there))
            raise UserError(f"masks={cfg.masks}: has no {wanted}, only {has}; {name}=null takes all that it has")
    files: dict[str, list[str]] = {}
    for entry in manifest["files"]:
        files.setdefault(entry["path"].rsplit("/", 1)[0], []).append(str(folder / entry["path"]))
    return [
        Cell(bucket, border, tuple(files[cell_name(bucket, border)]))
        for bucket in buckets
        for border in borders
        if (cfg.buckets is None or list(bucket) in cfg.buckets) and (cfg.borders is None or border in cfg.borders)
    ]


def as_bucket(bucket: Any) -> Bucket:
    """Return (low, high); anything else raises ``UserError``."""
    try:
        low, high = map(float, bucket)
    except (TypeError, ValueError) as error:
        raise UserError(f"buckets: {bucket} is no bucket; expected [low, high] shares of hole pixels") from error
    return low, high


def mask_source(cfg: DictConfig) -> dict[str, Any]:
    """Return what ``evaluation.json`` says of the masks: {source, folder, sha256, maker}."""
    if cfg.masks is None:
        return {"source": "drawn", "folder": None, "sha256": None, "maker": plain_maker(cfg)}
    digest = hashlib.sha256(Path(cfg.masks, "manifest.json").read_bytes()).hexdigest()
    return {"source": "frozen", "folder": str(cfg.masks), "sha256": digest, "maker": None}


def plain_maker(cfg: DictConfig) -> dict[str, Any]:
    """Return the settings of the maker that draws."""
    from omegaconf import OmegaConf

    settings = OmegaConf.to_container(cfg.mask, resolve=True)
    assert isinstance(settings, dict)
    return {str(key): value for key, value in settings.items()}


def share_of(cell: int, cells: list[Cell], indices: list[int], pairing: str) -> list[int]:
    """Return the pictures of a cell: all, or with ``pairing=once`` one in as many as there are buckets, in turn."""
    if pairing == "each" or not cells[cell].is_drawn_to_ratio:
        return indices
    turns = [number for number, one in enumerate(cells) if one.is_drawn_to_ratio]
    return indices[turns.index(cell) :: len(turns)]


def make_masks(cfg: DictConfig, cells: list[Cell], indices: list[int]) -> list["MaskMaker"]:
    """Return the maker of each cell; with ``pairing=once`` its first picture has its first mask, and so on."""
    makers = plain_makers(cfg, cells)
    if cfg.pairing == "each":
        return makers
    from inpaintlab.masks.base import Numbered

    return [
        Numbered(maker, {index: number for number, index in enumerate(share_of(cell, cells, indices, "once"))})
        for cell, maker in enumerate(makers)
    ]


def plain_makers(cfg: DictConfig, cells: list[Cell]) -> list["MaskMaker"]:
    """Return makers that know pictures by their place in the split."""
    from inpaintlab.masks.center import Center
    from inpaintlab.masks.frozen import Frozen

    makers: list[MaskMaker] = []
    for cell in cells:
        if cell.bucket == "regular":
            makers.append(Center())
        elif cell.files is not None:
            makers.append(Frozen(cell.files, once=cfg.pairing == "once"))
        else:
            rule: dict[str, Any] = {}
            if cell.bucket is not None:
                rule = {"ratio": list(cell.bucket), "border": cell.border}
            if cfg.pairing == "once" and cfg.mask.get("pairing") == "random":
                rule["pairing"] = "once"  # each file to one picture, where masks are files
            makers.append(instantiate(cfg.mask, _convert_="all", **rule).for_split(cfg.split))
    return makers


def list_pools(cells: list[Cell]) -> list[tuple[dict[str, Any], list[int]]]:
    """Return ({bucket, border}, cells) of every line of the table: each cell, and all buckets of ratios together."""
    pools = [(cell.where, [number]) for number, cell in enumerate(cells)]
    ratios = [number for number, cell in enumerate(cells) if cell.is_drawn_to_ratio]
    if len(ratios) > 1:
        pools.insert(ratios[-1] + 1, ({"bucket": "all", "border": "all"}, ratios))
    return pools
