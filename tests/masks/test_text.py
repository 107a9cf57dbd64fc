import cv2
import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.fonts import load_family
from inpaintlab.masks.text import Text, choose_words, draw_page, draw_word


def page(split="train", number=0, seed=0):
    return draw_page("Roboto", (10, 50), 512, seed, split, number)


def window_of(page_hole, known):
    """Tell whether the hole is a window of the page: somewhere their squared difference is 0."""
    hole = 1 - known[0].numpy()
    return cv2.matchTemplate(page_hole.astype(np.float32), hole, cv2.TM_SQDIFF).min() < 0.5


def test_page_is_a_pure_function_of_seed_split_and_number():
    first = page()
    draw_page.cache_clear()
    assert (page() == first).all()
    for other in (page("test"), page(number=1), page(seed=1)):
        assert (other != first).any()


def test_page_is_512_full_of_words_between_10_and_50_pixels():
    drawn = page()
    assert drawn.shape == (512, 512)
    assert 0.04 < (drawn > 0).mean() < 0.25
    assert drawn.max() > 40
    boxes = [cv2.boundingRect((drawn == word).astype(np.uint8)) for word in range(1, drawn.max() + 1)]
    heights = np.array([height for _, top, _, height in boxes if height and top + height < 512])
    assert heights.min() >= 5  # Roboto's letters without ascenders have 0.528 of the height in points
    assert heights.max() <= 62  # ascent and descent: about 1.17 of it
    assert heights.max() > 2 * heights.min()


def test_words_are_chosen_whole_up_to_the_target_and_never_beyond_the_most():
    drawn = np.zeros((8, 8), np.uint16)
    for word, columns in enumerate((1, 1, 1, 5), 1):
        drawn[2 * word - 2, :columns] = word
    taken = drawn == 1  # by what was there before
    for seed in range(20):
        kept = choose_words(drawn, (drawn > 0) & ~taken, 2, 4, np.random.default_rng(seed))
        assert (kept == np.isin(drawn, [2, 3])).all()  # the word of 5 pixels would exceed 4
    kept = [choose_words(drawn, drawn > 0, 1, 8, np.random.default_rng(seed)) for seed in range(20)]
    assert {tuple(np.unique(drawn[one])) for one in kept} == {(1,), (2,), (3,), (4,)}


def test_a_ratio_is_met_word_by_word():
    maker = Text(pages_train=1, ratio=(0.01, 0.05))
    for seed in range(5):
        known = maker((512, 512), torch.Generator().manual_seed(seed))[0].numpy()
        words = set(np.unique(page()[known == 0]))
        assert 0 not in words
        assert (np.isin(page(), list(words)) == (known == 0)).all()


def test_training_and_test_read_different_pages():
    maker = Text(pages_train=2, pages_test=1)
    seen = {}
    for split in ("train", "val", "test"):
        known = maker.for_split(split)((64, 64), torch.Generator().manual_seed(1))
        seen[split] = {
            (of, number)
            for of, pages in (("train", 2), ("test", 1))
            for number in range(pages)
            if window_of(page(of, number) > 0, known)
        }
    assert len(seen["train"]) == 1
    assert seen["train"] < {("train", 0), ("train", 1)}
    assert seen["val"] == seen["test"] == {("test", 0)}


def test_a_larger_picture_shows_the_page_again():
    known = Text(pages_train=1)((600, 1100), torch.Generator().manual_seed(0))[0]
    assert known[:88].equal(known[512:])
    assert known[:, :512].equal(known[:, 512:1024])
    assert (known[:512, :512].numpy() == 0).sum() == (page() > 0).sum()


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
