import cv2
import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.fonts import load_family
from inpaintlab.masks.text import Page, Text, draw_page, draw_word


def page(split="train", number=0, seed=0):
    return draw_page("Roboto", (10, 50), 512, seed, split, number)


def window_of(page_hole, known):
    """Tell whether the hole is a window of the page: somewhere their squared difference is 0."""
    hole = 1 - known[0].numpy()
    return cv2.matchTemplate(page_hole.astype(np.float32), hole, cv2.TM_SQDIFF).min() < 0.5


def test_page_is_a_pure_function_of_seed_split_and_number():
    first = page().hole
    draw_page.cache_clear()
    assert (page().hole == first).all()
    for other in (page("test"), page(number=1), page(seed=1)):
        assert (other.hole != first).any()


def test_page_is_512_full_of_words_between_10_and_50_pixels():
    drawn = page()
    assert drawn.hole.shape == (512, 512)
    assert 0.04 < drawn.hole.mean() < 0.25
    assert len(drawn.words) > 40
    whole = drawn.words[(drawn.words[:, 2] < 512)]
    heights = whole[:, 2] - whole[:, 0]  # ascent and descent: about 1.17 of the height in points
    assert heights.min() >= 10
    assert heights.max() <= 62
    assert heights.max() > 2 * heights.min()


def test_every_letter_lies_in_a_word():
    drawn = page()
    outside = drawn.hole.copy()
    for top, left, bottom, right in drawn.words:
        outside[top:bottom, left:right] = False
    assert not outside.any()


def test_training_and_test_read_different_pages():
    maker = Text(pages_train=2, pages_test=1)
    seen = {}
    for split in ("train", "val", "test"):
        known = maker.for_split(split)((64, 64), torch.Generator().manual_seed(1))
        seen[split] = {
            (of, number)
            for of, pages in (("train", 2), ("test", 1))
            for number in range(pages)
            if window_of(page(of, number).hole, known)
        }
    assert len(seen["train"]) == 1
    assert seen["train"] < {("train", 0), ("train", 1)}
    assert seen["val"] == seen["test"] == {("test", 0)}


def test_a_larger_picture_shows_the_page_again():
    known = Text(pages_train=1)((600, 1100), torch.Generator().manual_seed(0))[0]
    assert known[:88].equal(known[512:])
    assert known[:, :512].equal(known[:, 512:1024])
    assert (known[:512, :512].numpy() == 0).sum() == page().hole.sum()


def test_window_finds_the_words_that_reach_into_it(monkeypatch):
    drawn = Page(np.zeros((64, 64), bool), np.array([[10, 10, 20, 30], [50, 40, 60, 60]]))
    monkeypatch.setattr("inpaintlab.masks.text.draw_page", lambda *_: drawn)
    maker = Text(page=64, points=(10, 20))
    rng = np.random.default_rng(0)
    assert maker.window((64, 64), rng).words.tolist() == [[10, 10, 20, 30], [50, 40, 60, 60]]
    assert len(maker.window((128, 64), rng).words) == 4


@pytest.mark.parametrize("height", [10, 24, 50])
def test_every_stroke_of_every_style_survives(height):
    family = load_family("Roboto")
    for seed in range(60):
        drawn = draw_word("IIII", height, family, np.random.default_rng(seed))
        row = drawn[round(0.6 * height)]  # half-way up the capitals
        strokes = np.count_nonzero(row[1:] & ~row[:-1]) + row[0]
        assert strokes == 4


def test_styles_vary():
    family = load_family("Roboto")
    shapes = {draw_word("word", 30, family, np.random.default_rng(seed)).tobytes() for seed in range(60)}
    assert len(shapes) > 15  # of 5 weights (two of them alike) x italic x condensed x underline = 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": (3, 50)}, r"points=\[3, 50\]: expected \[low, high\]"),
        ({"points": (10, 256)}, r"points=\[10, 256\]: expected"),
        ({"pages_train": 0}, "pages_train=0, pages_test=10: expected at least 1"),
        ({"font": "No Such Font"}, "font=No Such Font: not installed here; found"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Text(**arguments)
