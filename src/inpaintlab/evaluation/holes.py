"""Which holes a model is judged on: a list of cells, each with a mask maker of its own.

Free of torch until the makers are asked for.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256, inside
from inpaintlab.masks.drawings import with_drawings
from inpaintlab.masks.manifest import read_manifest
from inpaintlab.records.cells import AS_THEY_ARE, POOL, REGULAR, Bucket, Cell
from inpaintlab.records.evaluation import MaskSource

if TYPE_CHECKING:
    from inpaintlab.masks.base import MaskMaker


@dataclass(frozen=True)
class Holes:
    """The holes of one cell, over which every picture is judged once."""

    cell: Cell
    files: tuple[str, ...] | None = None
    """The frozen masks; None: drawn."""


def list_holes(cfg: DictConfig) -> list[Holes]:
    """Return the holes of all cells in the order of the table; a frozen set is verified, byte by byte."""
    holes = drawn_holes(cfg) if cfg.masks is None else frozen_holes(cfg)
    if len({one.cell for one in holes}) < len(holes):
        raise UserError("buckets and borders: a pair is given twice; name each one once")
    return [*holes, Holes(Cell(REGULAR))] if cfg.regular else holes


def drawn_holes(cfg: DictConfig) -> list[Holes]:
    """Return every given bucket with every given border."""
    if cfg.buckets is None:
        return [Holes(Cell(AS_THEY_ARE))]
    return [Holes(Cell(as_bucket(bucket), border)) for bucket in cfg.buckets for border in cfg.borders or ["any"]]


def frozen_holes(cfg: DictConfig) -> list[Holes]:
    """Return the given cells of a frozen set, or all that it has."""
    manifest, folder = read_manifest(cfg.masks), Path(cfg.masks)
    buckets = [as_bucket(bucket) for bucket in manifest["buckets"]]
    borders = manifest["borders"]
    chosen_buckets = buckets if cfg.buckets is None else [as_bucket(bucket) for bucket in cfg.buckets]
    chosen_borders = borders if cfg.borders is None else list(cfg.borders)
    for name, chosen, known in (("buckets", chosen_buckets, buckets), ("borders", chosen_borders, borders)):
        if missing := [str(word) for word in chosen if word not in known]:
            has = ", ".join(map(str, known))
            raise UserError(f"masks={cfg.masks}: has no {missing[0]}, only {has}; {name}=null takes all that it has")
    files: dict[str, list[str]] = {}
    for entry in manifest["files"]:
        files.setdefault(entry["path"].rsplit("/", 1)[0], []).append(str(inside(folder, entry["path"])))
    cells = [Cell(b, border) for b in buckets for border in borders if b in chosen_buckets and border in chosen_borders]
    if missing := [cell.folder for cell in cells if cell.folder not in files]:
        raise UserError(f"masks={cfg.masks}: its manifest names no masks in {missing[0]}; freeze the set again")
    return [Holes(cell, tuple(files[cell.folder])) for cell in cells]


def as_bucket(plain: Any) -> Bucket:
    """Return the bucket of [low, high]; anything else raises ``UserError``."""
    try:
        low, high = map(float, plain)
    except (TypeError, ValueError) as error:
        raise UserError(f"buckets: {plain} is no bucket; expected [low, high] shares of hole pixels") from error
    return Bucket(low, high)


def mask_source(cfg: DictConfig) -> MaskSource:
    """Return what ``evaluation.json`` says of the masks."""
    if cfg.masks is None:
        maker: Any = OmegaConf.to_container(cfg.mask, resolve=True)
        return MaskSource("drawn", None, None, with_drawings(maker))
    return MaskSource("frozen", str(cfg.masks), file_sha256(Path(cfg.masks, "manifest.json")), None)


def share_of(cell: int, cells: list[Cell], indices: list[int], pairing: str) -> list[int]:
    """Return the pictures of a cell: all, or with ``pairing=once`` one in as many as there are buckets, in turn."""
    if pairing == "each" or not cells[cell].bucket.is_ratio:
        return indices
    turns = [number for number, one in enumerate(cells) if one.bucket.is_ratio]
    return indices[turns.index(cell) :: len(turns)]


def make_masks(cfg: DictConfig, holes: list[Holes], indices: list[int]) -> list["MaskMaker"]:
    """Return the maker of each cell; with ``pairing=once`` its first picture has its first mask, and so on."""
    makers = plain_makers(cfg, holes)
    if cfg.pairing == "each":
        return makers
    from inpaintlab.masks.base import Numbered

    shares = [share_of(cell, [one.cell for one in holes], indices, "once") for cell in range(len(holes))]
    return [
        Numbered(maker, {index: number for number, index in enumerate(share)})
        for maker, share in zip(makers, shares, strict=True)
    ]


def plain_makers(cfg: DictConfig, holes: list[Holes]) -> list["MaskMaker"]:
    """Return makers that know pictures by their place in the split."""
    from inpaintlab.masks.center import Center
    from inpaintlab.masks.frozen import Frozen

    makers: list[MaskMaker] = []
    for one in holes:
        bucket = one.cell.bucket
        if bucket == REGULAR:
            makers.append(Center())
        elif one.files is not None:
            makers.append(Frozen(one.files, once=cfg.pairing == "once"))
        else:
            rule = {"ratio": bucket.plain, "border": one.cell.border} if bucket.is_ratio else {}
            if cfg.pairing == "once" and cfg.mask.get("pairing") == "random":
                rule["pairing"] = "once"  # each file to one picture, where masks are files
            makers.append(instantiate(cfg.mask, _convert_="all", **rule).for_split(cfg.split))
    return makers


def list_pools(cells: list[Cell]) -> list[tuple[Cell, list[int]]]:
    """Return (cell, numbers of the cells in it) of every line of the table: each cell, and all ratios together."""
    pools = [(cell, [number]) for number, cell in enumerate(cells)]
    ratios = [number for number, cell in enumerate(cells) if cell.bucket.is_ratio]
    if len(ratios) > 1:
        pools.insert(ratios[-1] + 1, (POOL, ratios))
    return pools
