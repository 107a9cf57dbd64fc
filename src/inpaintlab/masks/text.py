"""Pages of words, the corruption of the blind paper (section 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Page:
    """One page of words."""

    hole: np.ndarray
    """(side, side) bool, True = letter."""
    words: np.ndarray
    """(N, 4) int: top, left, bottom, right of each word, in pixels."""


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
        size = hole.shape
        rows, columns = self.rule.inside(size)
        if self.rule.ratio is None:
            hole[rows, columns] |= self.window(size, rng).hole[rows, columns]
            return hole
        count, most = np.count_nonzero(hole), self.rule.counts(size)[1]
        for _ in range(self.layers):
            window = self.window(size, rng)
            for top, left, bottom, right in rng.permutation(window.words).tolist():
                if count >= target:
                    return hole
                place = (
                    slice(max(top, rows.start), max(0, min(bottom, rows.stop))),
                    slice(max(left, columns.start), max(0, min(right, columns.stop))),
                )
                before, word = hole[place], window.hole[place]
                added = np.count_nonzero(word & ~before)
                if count + added <= most:
                    hole[place] = before | word
                    count += added
        return hole

    def window(self, size: Size, rng: np.random.Generator) -> Page:
        """Cut a window, and the words that reach into it, out of a random page; a page too small is tiled."""
        page = draw_page(
            self.font, self.points, self.page, self.seed, self.split, int(rng.integers(self.pages[self.split]))
        )
        top, left = (int(rng.integers(max(1, self.page - length + 1))) for length in size)
        repeats = [-(-length // self.page) for length in size]
        words = np.concatenate(
            [
                page.words + np.array([self.page * down - top, self.page * right - left] * 2)
                for down in range(repeats[0])
                for right in range(repeats[1])
            ]
        )
        seen = (words[:, 2] > 0) & (words[:, 0] < size[0]) & (words[:, 3] > 0) & (words[:, 1] < size[1])
        tiled = np.tile(page.hole, repeats) if max(repeats) > 1 else page.hole
        return Page(tiled[top : top + size[0], left : left + size[1]], words[seen])


@lru_cache(maxsize=64)
def draw_page(font: str, points: tuple[int, int], side: int, seed: int, split: str, number: int) -> Page:
    """Draw page ``number`` of a split, a pure function of its arguments: lines of words of one style each."""
    rng = np.random.default_rng([seed, {"train": 0, "test": 1}[split], number])
    family = load_family(font)
    hole, words, top = np.zeros((side, side), bool), [], int(rng.integers(0, points[1] // 2))
    while top < side:
        height = int(rng.integers(points[0], points[1] + 1))
        left = -int(rng.integers(0, 2 * height))
        while left < side:
            drawn = draw_word(str(rng.choice(LEXICON)), height, family, rng)
            y, x = top, max(0, left)
            piece = drawn[: side - y, x - left :][:, : side - x]
            hole[y : y + piece.shape[0], x : x + piece.shape[1]] |= piece
            if piece.size:
                words.append((y, x, y + piece.shape[0], x + piece.shape[1]))
            left += drawn.shape[1] + round(0.35 * height)
        top += round(height * rng.uniform(1.2, 2))  # line spacing
    return Page(hole, np.array(words))


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
