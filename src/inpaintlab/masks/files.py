"""Masks from files of one's own."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Literal

import numpy as np
from PIL import Image
from torch import Generator, Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.augment import Augmentation
from inpaintlab.masks.base import Border, RuledMaker, Size, to_known
from inpaintlab.masks.reading import Channel, Colour, check_enough, list_masks, read_hole
from inpaintlab.masks.rule import Rule

Pairing = Literal["name", "index", "once", "random"]


class Files(RuledMaker):
    """The mask files of a folder tree, each picture with one of its own or with any."""

    def __init__(
        self,
        *,
        root: str | None,
        hole_is: Colour = "white",
        channel: Channel = "luma",
        threshold: float | None = None,
        pairing: Pairing = "random",
        resize: bool = False,
        on_blank: Literal["fail", "skip"] = "fail",
        augmentation: Augmentation | None = None,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """List the files; see conf/mask/files.yaml for the arguments. The augmentation is for training alone."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        for name, value, allowed in (
            ("hole_is", hole_is, ("white", "black")),
            ("channel", channel, ("luma", "alpha")),
            ("pairing", pairing, ("name", "index", "once", "random")),
            ("on_blank", on_blank, ("fail", "skip")),
        ):
            if value not in allowed:
                raise UserError(f"mask.{name}={value}: expected one of {', '.join(allowed)}")
        if threshold is not None and not 0 <= threshold < 1:
            raise UserError(f"mask.threshold={threshold}: expected a share of full white, 0 <= threshold < 1, or null")
        if augmentation is not None and pairing != "random":
            raise UserError(
                f"mask.pairing={pairing}: a mask that belongs to a picture is not augmented; augmentation=null"
            )
        if on_blank == "skip" and pairing != "random":
            raise UserError(f"mask.pairing={pairing}: no other mask can stand in for a blank one; use on_blank=fail")
        self.root, self.paths = root, list_masks(root)
        self.hole_is, self.channel, self.threshold = hole_is, channel, threshold
        self.pairing, self.resize, self.on_blank, self.augmentation = pairing, resize, on_blank, augmentation
        self.named = self.name_files() if pairing == "name" else {}
        self.unfit: dict[Size, set[int]] = {}

    def under(self, rule: Rule) -> "Files":
        """Return a copy of this maker that follows another rule."""
        maker = super().under(rule)
        maker.unfit = {}
        return maker

    def for_split(self, split: str) -> "Files":
        """Return the maker for a split: the same files, augmented for training only."""
        maker = self.under(self.rule)
        maker.augmentation = self.augmentation if split == "train" else None
        return maker

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Load a random file; the rule is met by trying others.

        A file that broke the rule as it is will do so again: it is passed over unread, with the same outcome.
        """
        if self.pairing != "random":
            raise UserError(f"mask.pairing={self.pairing}: these masks belong to pictures; use pairing=random here")
        if self.augmentation is not None:
            return self.augmentation(self.load(self.paths[int(rng.integers(len(self.paths)))], size), rng)
        unfit = self.unfit.setdefault(tuple(size), set())
        number = int(rng.integers(len(self.paths)))
        while number in unfit and len(unfit) < len(self.paths):
            number = int(rng.integers(len(self.paths)))
        hole = self.load(self.paths[number], size)
        if not self.rule.holds(hole):
            unfit.add(number)
        return hole

    def for_picture(self, index: int, name: str, size: Size, generator: Generator) -> Tensor:
        """Load the mask of one picture: known (1, H, W); one that breaks the rule raises ``UserError``."""
        if self.pairing == "random":
            return self(size, generator)
        if self.pairing == "once":
            check_enough(index, len(self.paths), name)
        path = self.find(name) if self.pairing == "name" else self.paths[index % len(self.paths)]
        hole = self.load(path, size)
        if not self.rule.holds(hole):
            raise UserError(
                f"{path}: a hole share of {hole.mean():.4g}, but the mask of {name} must have "
                f"{self.rule.describe(size)}; change ratio or border, or use pairing=random"
            )
        return to_known(hole)

    def load(self, path: Path, size: Size) -> np.ndarray:
        """Read one file at the wanted size: (H, W) bool, True = hole."""
        hole = read_hole(path, self.hole_is, self.channel, self.threshold)
        if hole.shape != tuple(size):
            if not self.resize:
                raise UserError(
                    f"{path}: {hole.shape[0]}x{hole.shape[1]} px (height x width), but the picture has "
                    f"{size[0]}x{size[1]}; set resize=true (nearest neighbour) or give masks of that size"
                )
            hole = np.asarray(Image.fromarray(hole).resize(size[::-1], Image.Resampling.NEAREST))
        if self.on_blank == "fail" and (hole.all() or not hole.any()):
            raise UserError(
                f"{path}: all {'hole' if hole.all() else 'known'} at {size[0]}x{size[1]} px with "
                f"hole_is={self.hole_is}; remove the file, or leave such files out with on_blank=skip"
            )
        return hole

    def find(self, name: str) -> Path:
        """Find the mask of the picture ``name``: the same path, or else the same file name, both without suffix."""
        picture = PurePath(name)
        key = (picture.parent / picture.stem).as_posix()
        path = self.named.get(key) or self.named.get(picture.stem)
        if path is None:
            raise UserError(
                f"mask.root={self.root}: no mask for the picture {name}; expected {key}.png or {picture.stem}.png"
            )
        return path

    def name_files(self) -> dict[str, Path]:
        """Index the files by relative path, and by bare name where that is unique, all without suffix."""
        bare = Counter(path.stem for path in self.paths)
        named = {path.stem: path for path in self.paths if bare[path.stem] == 1}
        for path in self.paths:
            key = path.relative_to(self.root).with_suffix("").as_posix()
            if named.setdefault(key, path) != path:
                raise UserError(f"{path}: pairing=name cannot tell it from {named[key]}; keep one of the two")
        return named
