"""The masks of one cell of a frozen set, for judging."""

from collections.abc import Sequence
from pathlib import Path

from torch import Generator, Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import MaskMaker, Size, to_known
from inpaintlab.masks.reading import check_enough, read_hole


class Frozen(MaskMaker):
    """Mask i goes with picture i; nothing is drawn or resized."""

    def __init__(self, paths: Sequence[str | Path], once: bool = False) -> None:
        """``paths``: 1-bit files, hole white, in the order of the cell; again from the first unless ``once``."""
        self.once = once
        self.paths = [str(path) for path in paths]

    def __call__(self, size: Size, generator: Generator) -> Tensor:  # noqa: ARG002
        """Refuse: a frozen mask belongs to a place in the set."""
        raise UserError("frozen masks belong to numbered pictures; use mask=files mask.root=<folder> to draw from them")

    def for_picture(self, index: int, name: str, size: Size, generator: Generator) -> Tensor:  # noqa: ARG002
        """Read mask ``index``: known (1, H, W); another size, or too few masks, raises ``UserError``."""
        if self.once:
            check_enough(index, len(self.paths), name)
        path = Path(self.paths[index % len(self.paths)])
        hole = read_hole(path, "white", "luma", None)
        if hole.shape != tuple(size):
            raise UserError(
                f"{path}: {hole.shape[0]}x{hole.shape[1]} px, but picture {name} has {size[0]}x{size[1]} "
                "(height x width); freeze masks of that size (`inpaintlab masks size=...`), or use data.eval_fit=crop"
            )
        return to_known(hole)
