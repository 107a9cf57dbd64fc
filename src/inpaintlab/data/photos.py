"""The embedded default: photographs that scikit-image's wheel carries; nothing to fetch."""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.datamodule import InpaintingData
from inpaintlab.data.dataset import Split
from inpaintlab.data.images import read_image
from inpaintlab.data.pictures import Pictures


@dataclass(kw_only=True, eq=False, repr=False)
class Photos(InpaintingData):
    """A few photographs, decoded once and kept in memory; many crops of each make the set.

    Training takes random views (``crops_per_picture``, ``zoom``); validation and test cut each held-out photograph into
    a fixed grid of overlapping squares.
    """

    train: list[str]
    """File names in skimage/data."""
    val: list[str]
    """Held out."""
    test: list[str]
    """Held out."""
    eval_grid: int = 5
    """Squares per side of the grid: 5 gives 25 crops of each photograph."""
    eval_zoom: float = 2.0
    """The shorter side of a held-out photograph, in sides of a grid's square."""

    def images(self, split: Split) -> Pictures:
        """Return the crops of one split."""
        photographs = {name: self._read(name) for name in getattr(self, split)}
        if split != "train":
            if self.eval_grid < 1 or self.eval_zoom < 1:
                raise UserError(
                    f"data.eval_grid={self.eval_grid}, data.eval_zoom={self.eval_zoom}: expected both to be at least 1"
                )
            return Grid(photographs, self.eval_grid, self.eval_zoom)
        if enough := self._train_view.shorter:
            # No view needs more pixels, and resampling the full photographs at every step takes nine times as long.
            photographs = {name: shrink(image, enough, self._train_view.filter) for name, image in photographs.items()}
        return InMemory(photographs)

    @cached_property
    def _folder(self) -> Path:
        # Found without importing skimage, which takes half a second.
        return Path(find_spec("skimage").submodule_search_locations[0], "data")

    def _read(self, name: str) -> Image.Image:
        path = self._folder / name
        if not path.is_file():
            there = ", ".join(sorted(path.name for path in self._folder.glob("*.[pj][np]g")))
            raise UserError(
                f"{name}: scikit-image {version('scikit-image')} does not carry this photograph; "
                f"take it out of data.train, data.val or data.test, or choose of: {there}"
            )
        return read_image(path, self.channels)


def shrink(image: Image.Image, shorter: int, interpolation: Image.Resampling) -> Image.Image:
    """Reduce the picture until its shorter side has so many pixels; a smaller one stays."""
    factor = shorter / min(image.size)
    if factor >= 1:
        return image
    return image.resize([max(shorter, round(side * factor)) for side in image.size], interpolation)


class InMemory:
    """Decoded photographs."""

    def __init__(self, photographs: dict[str, Image.Image]) -> None:
        self.photographs = list(photographs.items())

    def __len__(self) -> int:
        return len(self.photographs)

    def __getitem__(self, index: int) -> Image.Image:
        return self.photographs[index][1]

    def name(self, index: int) -> str:
        """Return the photograph's file name."""
        return self.photographs[index][0]


class Grid:
    """A grid of ``n`` x ``n`` overlapping squares of every photograph, the outermost touching its borders."""

    def __init__(self, photographs: dict[str, Image.Image], n: int, zoom: float) -> None:
        self.crops = []
        for name, image in photographs.items():
            side = round(min(image.size) / zoom)
            for place in range(n * n):
                row, column = divmod(place, n)
                left, top = (
                    (total - side) * step // max(1, n - 1)
                    for total, step in zip(image.size, (column, row), strict=True)
                )
                self.crops.append((f"{Path(name).stem}-{place:03d}", image.crop((left, top, left + side, top + side))))

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> Image.Image:
        return self.crops[index][1]

    def name(self, index: int) -> str:
        """Return the photograph's name and the place in the grid, row by row."""
        return self.crops[index][0]
