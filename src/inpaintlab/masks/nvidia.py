"""NVIDIA's irregular mask dataset (PConv, section 4.1), whose two sets have opposite polarities."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.augment import Augmentation
from inpaintlab.masks.base import Border, RuledMaker, Size
from inpaintlab.masks.files import Files
from inpaintlab.masks.reading import Colour, read_hole
from inpaintlab.masks.rule import Rule

log = logging.getLogger(__name__)

BIN_FILES = 2000
"""Files of the testing set in each of its six bins, in the order of their numbers."""
BINS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
"""Right-closed intervals of the share of hole pixels."""
SOURCE = "the sets are linked from https://nv-adlr.github.io/publication/partialconv-inpainting"


class Nvidia(RuledMaker):
    """Training masks (55,116 files, hole black), augmented; testing masks (12,000 files, hole white) as they are.

    ``border`` ``clear`` and ``free`` are PConv's columns N and B, a thousand files of each bin, by their numbers.
    """

    def __init__(
        self,
        *,
        root: str | None,
        training_folder: str = "irregular_mask/disocclusion_img_mask",
        testing_folder: str = "mask/testing_mask_dataset",
        train_on_testing: bool = False,
        threshold: float = 0.6,
        resize: bool = True,
        checked: int = 8,
        pairing: Literal["random", "once"] = "random",
        augmentation: Augmentation | None = None,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take where the sets lie; see conf/mask/nvidia.yaml for the arguments."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if root is None:
            raise UserError(f"mask.root=<folder> is needed: the folder in which the zip files were unpacked; {SOURCE}")
        if checked < 1:
            raise UserError(f"mask checked={checked}: expected at least 1 file of each bin")
        self.root, self.training_folder, self.testing_folder = Path(root), training_folder, testing_folder
        self.train_on_testing, self.threshold, self.resize = train_on_testing, threshold, resize
        if pairing not in ("random", "once"):
            raise UserError(f"mask.pairing={pairing}: expected random or once")
        self.checked, self.augmentation, self.pairing = checked, augmentation, pairing

    def for_split(self, split: str) -> RuledMaker:
        """Return the files of the training set, or of the testing set (validation and test), after a look at some."""
        if split != "train" or self.train_on_testing:
            files = self.open(self.testing_folder, "white")
            self.check_testing(files)
            files = self.choose(files, in_turn=split == "val")
        else:
            files = self.open(self.training_folder, "black")
            self.check_training(files)
        return files.for_split(split)

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw one testing mask, where no split is asked for."""
        return self.testing.draw(size, rng)

    @cached_property
    def testing(self) -> RuledMaker:
        """The testing set; listed and checked once."""
        return self.for_split("test")

    def open(self, folder: str, hole_is: Colour) -> Files:
        """List one of the two sets."""
        path = self.root / folder
        if not path.is_dir():
            raise UserError(f"mask.root={self.root}: no folder {path.absolute()}; unpack it there: {SOURCE}")
        return Files(
            root=str(path), hole_is=hole_is, threshold=self.threshold, resize=self.resize, on_blank="skip",
            augmentation=self.augmentation, ratio=self.rule.ratio, border=self.rule.border,
            border_distance=self.rule.distance,
        )  # fmt: skip

    def choose(self, files: Files, in_turn: bool) -> Files:
        """Take the files of the wanted bins and, for ``clear`` and ``free``, of the thousand that is PConv's N or B.

        With ``pairing=once`` bin and thousand say all: picture i has file i or, ``in_turn``, that of each bin in turn.
        """
        low, high = self.rule.ratio or (0.0, 1.0)
        half = BIN_FILES // 2
        part = slice(0, BIN_FILES)
        if self.rule.border in ("clear", "free"):
            clear_first = self.is_first_half_clear(files.paths)
            part = slice(0, half) if (self.rule.border == "clear") == clear_first else slice(half, BIN_FILES)
        bins = [
            files.paths[number * BIN_FILES : (number + 1) * BIN_FILES][part]
            for number, (least, most) in enumerate(BINS)
            if least < high and most > low
        ]
        if self.pairing == "once":
            files = Files(
                root=files.root, hole_is="white", threshold=self.threshold, resize=self.resize, pairing="once"
            )
        turns = zip(*bins, strict=True) if self.pairing == "once" and in_turn else bins
        files.paths = [path for turn in turns for path in turn]
        return files

    def is_first_half_clear(self, paths: list[Path]) -> bool:
        """Look which thousand of each bin keeps 50 pixels from the border, N, and say so; the other is B."""
        half = BIN_FILES // 2
        found = [self.is_clear(paths, start, half) for start in (0, half)]
        if found[0] == found[1]:
            raise UserError(
                f"mask.root={self.root}: {'both' if found[0] else 'neither'} of the two thousands of each bin keep 50 "
                f"pixels from the border; expected one that does (PConv's N): {SOURCE}; or use border=any"
            )
        log.info(
            "NVIDIA's testing masks: of each bin the %s thousand keeps 50 pixels from the border (PConv's N, "
            "border=clear), the %s is free to touch it (B, border=free)",
            *(("first", "second") if found[0] else ("second", "first")),
        )
        return found[0]

    def is_clear(self, paths: list[Path], start: int, count: int) -> bool:
        """Tell whether the checked files of one thousand of each bin all keep their distance."""
        rule = Rule(border="clear", distance=self.rule.distance)
        return all(
            rule.holds(read_hole(path, "white", "luma", self.threshold))
            for number in range(len(BINS))
            for path in spread(paths[number * BIN_FILES + start : number * BIN_FILES + start + count], self.checked)
        )

    def check_testing(self, files: Files) -> None:
        """Measure some files of each bin: a wrong polarity or a wrong file cannot lie in its bin."""
        numbers = [path.stem for path in files.paths]
        if numbers != [f"{number:05}" for number in range(len(BINS) * BIN_FILES)]:
            raise UserError(
                f"mask.root={self.root}: expected 00000.png to {len(BINS) * BIN_FILES - 1:05}.png in {files.root}, "
                f"found {len(numbers)} files from {numbers[0]} to {numbers[-1]}; unpack the testing set again: {SOURCE}"
            )
        for number, (low, high) in enumerate(BINS):
            for path in spread(files.paths[number * BIN_FILES : (number + 1) * BIN_FILES], self.checked):
                share = read_hole(path, "white", "luma", self.threshold).mean()
                if not low < share <= high:
                    raise UserError(
                        f"{path}: {share:.4g} of it is white, expected a hole share in ({low}, {high}]; "
                        f"the polarity or the files are wrong (the testing set shows the hole in white): {SOURCE}"
                    )

    def check_training(self, files: Files) -> None:
        """Measure some files: training masks are mostly known, so mostly white."""
        sample = spread(files.paths, len(BINS) * self.checked)
        share = np.mean([read_hole(path, "black", "luma", self.threshold).mean() for path in sample])
        if share > 0.5:
            raise UserError(
                f"mask.root={self.root}: {share:.4g} of the masks in {files.root} is black, expected less than half; "
                f"the polarity or the files are wrong (the training set shows the hole in black): {SOURCE}"
            )


def spread(paths: list[Path], count: int) -> list[Path]:
    """Choose ``count`` files evenly, the first and the last among them."""
    return [paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, count).round().astype(int))]
