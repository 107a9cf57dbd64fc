import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.text import Text
from inpaintlab.masks.text_squares import TextSquares

PAGES = {"pages_train": 1, "pages_test": 1}


def test_is_the_union_of_words_and_squares():
    maker = TextSquares(**PAGES)
    rng = np.random.default_rng(0)
    squares = maker.draw_squares((128, 128), 128 * 128, rng)
    both = maker.add_words(squares.copy(), 0, rng)
    assert (both >= squares).all()
    assert both.sum() > squares.sum()


def test_density_of_squares_is_that_of_the_paper_page():
    # 30 squares of mean area E[s^2] = sum(s^2 for s in 5..40) / 36 = 614 px on 512^2: 1 - exp(-30 * 614 / 262144)
    area = np.mean([s * s for s in range(5, 41)])
    expected = 1 - np.exp(-30 * area / 512**2)
    maker = TextSquares(**PAGES)
    rng = np.random.default_rng(0)
    drawn = [maker.draw_squares((64, 64), 64 * 64, rng) for _ in range(3000)]
    assert np.mean(drawn) == pytest.approx(expected, rel=0.1)
    mean = np.mean(drawn, 0)
    assert mean[:4].mean() == pytest.approx(mean[30:34].mean(), rel=0.25)  # the border is as likely as the middle


def test_splits_read_different_pages():
    maker = TextSquares(squares=0, **PAGES)
    train, test = (maker.for_split(split)((64, 64), torch.Generator().manual_seed(2)) for split in ("train", "test"))
    assert not train.equal(test)
    assert isinstance(maker.for_split("test"), TextSquares)
    assert isinstance(maker, Text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"side": (9, 5)}, r"side=\[9, 5\]: expected"), ({"squares": -1}, "squares=-1: expected a mean number")],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        TextSquares(**arguments)
