"""Pages of words, the corruption of the blind paper (section 4.1)."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import Border, RuledMaker, Size
from inpaintlab.masks.fonts import WEIGHTS, Face, Family, load_family

LEXICON = (  # noqa: SIM905 - a text reads better than a list
    "the of and picture image hole pixel colour light shadow river mountain garden window street bridge harbour "
    "letter number morning evening summer winter yellow purple orange copper silver marble paper camera lens film "
    "restore repair missing broken painting fresco canvas museum Photograph Archive Memory Station Market No 1984 "
    "Exit 27 Copyright Sample Preview quick brown fox jumps over lazy dog with some very long and short words in it"
).split()


class Text(RuledMaker):
    """A window of a random page; a given ratio is met word by word, from as many pages as it takes."""

    layers = 24
    """Windows laid over one another before the draw is given up; letters cover about a tenth of one."""

    def __init__(
        self,
        *,
        font: str = "Roboto",
        points: Sequence[int] = (10, 50),
        page: int = 512,
        pages_train: int = 20,
        pages_test: int = 10,
        seed: int = 0,
        ratio: Sequence[float] | None = None,
        border: Border = "any",
        border_distance: int | None = None,
    ) -> None:
        """Take the font family, the letters' least and greatest height in pixels; the pages' side, numbers and seed."""
        super().__init__(ratio=ratio, border=border, border_distance=border_distance)
        if len(points) != 2 or not 4 <= points[0] <= points[1] < page / 2:
            raise UserError(
                f"points={list(points)}: expected [low, high] in pixels, from 4 to less than half of the page"
            )
        if min(pages_train, pages_test) < 1:
            raise UserError(f"pages_train={pages_train}, pages_test={pages_test}: expected at least 1 page each")
        load_family(font)  # a missing font is told now, not by a loader's worker
        self.font, self.points, self.page, self.seed = font, tuple(points), page, seed
        self.pages = {"train": pages_train, "test": pages_test}
        self.split = "train"

    def for_split(self, split: str) -> "Text":
        """Return the maker that reads the training pages, or the test pages (validation and test)."""
        maker = self.under(self.rule)
        maker.split = "train" if split == "train" else "test"
        return maker

    def draw(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Draw one window whole (no ratio), or word by word until the target is reached."""
        return self.add_words(np.zeros(size, bool), self.rule.target(size, rng), rng)

    def add_words(self, hole: np.ndarray, target: int, rng: np.random.Generator) -> np.ndarray:
        """Write into ``hole`` one window (no ratio), or words until it has ``target`` pixels; return it."""
        inside, most = self.rule.inside(hole.shape), self.rule.counts(hole.shape)[1]
        place = hole[inside]
        if self.rule.ratio is None:
            place |= self.window(hole.shape, rng)[inside] > 0
            return hole
        for _ in range(self.layers):
            if (count := np.count_nonzero(place)) >= target:
                break
            page = self.window(hole.shape, rng)[inside]
            letters = (page > 0) & ~place
            if count + np.count_nonzero(letters) > target:
                letters = choose_words(page, letters, target - count, most - count, rng)
            place |= letters
        return hole

    def window(self, size: Size, rng: np.random.Generator) -> np.ndarray:
        """Cut a window (H, W) out of a random page, see ``draw_page``; a page too small is tiled."""
        page = draw_page(
            self.font, self.points, self.page, self.seed, self.split, int(rng.integers(self.pages[self.split]))
        )
        top, left = (int(rng.integers(max(1, self.page - length + 1))) for length in size)
        repeats = [-(-length // self.page) for length in size]
        tiled = np.tile(page, repeats) if max(repeats) > 1 else page
        return tiled[top : top + size[0], left : left + size[1]]


def choose_words(page: np.ndarray, letters: np.ndarray, target: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Choose whole words at random until they have ``target`` pixels, without those that would exceed ``most``.

    ``page`` (H, W) is the number of the word at each pixel; of ``letters`` (H, W) bool the result keeps some words'.
    """
    pixels = np.flatnonzero(letters)
    words = page.ravel()[pixels]
    sizes = np.bincount(words).tolist()
    chosen, count = np.zeros(len(sizes), bool), 0
    for word in rng.permutation(np.arange(1, len(sizes))).tolist():
        if count >= target:
            break
        if count + sizes[word] <= most:
            chosen[word] = True
            count += sizes[word]
    kept = np.zeros(letters.shape, bool)
    kept.ravel()[pixels[chosen[words]]] = True
    return kept


@lru_cache(maxsize=64)
def draw_page(font: str, points: tuple[int, int], side: int, seed: int, split: str, number: int) -> np.ndarray:
    """Draw page ``number`` of a split, a pure function of its arguments: lines of words of one style each.

    Returns (side, side) uint16, the number of the word whose letters are there, from 1 on; 0 where there are none.
    """
    rng = np.random.default_rng([seed, {"train": 0, "test": 1}[split], number])
    family = load_family(font)
    page, words, top = np.zeros((side, side), np.uint16), 0, int(rng.integers(0, points[1] // 2))
    while top < side:
        height = int(rng.integers(points[0], points[1] + 1))
        left = -int(rng.integers(0, 2 * height))
        while left < side:
            drawn = draw_word(str(rng.choice(LEXICON)), height, family, rng)
            y, x = top, max(0, left)
            letters = drawn[: side - y, x - left :][:, : side - x]
            words += 1
            page[y : y + letters.shape[0], x : x + letters.shape[1]][letters] = words
            left += drawn.shape[1] + round(0.35 * height)
        top += round(height * rng.uniform(1.2, 2))  # line spacing
    return page


@lru_cache(maxsize=1024)
def load_font(face: Face, height: int) -> ImageFont.FreeTypeFont:
    """Load a face at a height in pixels; the basic layout is the one that every build of PIL has."""
    return ImageFont.truetype(face.path, height, face.index, layout_engine=ImageFont.Layout.BASIC)


def draw_word(word: str, height: int, family: Family, rng: np.random.Generator) -> np.ndarray:
    """Draw one word in a random style of the paper: (H, W) bool. Weight, slant, width and underline combine freely."""
    weight = WEIGHTS[str(rng.choice(list(WEIGHTS)))]
    italic, condensed, underline = rng.random(3) < (0.3, 0.25, 0.2)
    face = family.choose(weight, italic, condensed)
    font = load_font(face, height)
    stroke = max(1, height // 24) if weight >= 600 > face.weight else 0
    ascent, descent = font.getmetrics()
    length, tall = int(font.getlength(word)) + 2 * stroke + height // 4, ascent + descent
    picture = Image.new("L", (length, tall), 0)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"  # no grey: a thin stroke stays one pixel wide
    pen.text((stroke, 0), word, 255, font, stroke_width=stroke)
    if underline:
        pen.line([(0, ascent + descent // 2), (length, ascent + descent // 2)], 255, max(1, height // 16))
    if italic and not face.italic:
        picture = picture.transform(picture.size, Image.Transform.AFFINE, (1, 0.2, -0.2 * ascent, 0, 1, 0))
    if condensed and not face.condensed:
        picture = picture.resize((max(1, round(0.75 * length)), tall), Image.Resampling.BOX)
    return np.asarray(picture) > 80  # a stroke of one pixel that falls on the seam of two still leaves one
