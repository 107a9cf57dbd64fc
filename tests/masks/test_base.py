import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.base import RuledMaker, to_known
from inpaintlab.masks.rule import Rule


class Rows(RuledMaker):
    """A random number of rows from the top."""

    draws = 0

    def draw(self, size, rng):
        self.draws += 1
        hole = np.zeros(size, bool)
        hole[: rng.integers(size[0] + 1)] = True
        return hole


def test_to_known_turns_any_hole_value_into_exact_zero():
    known = to_known(np.array([[0, 1, 255]], np.uint8))
    assert known.dtype == torch.float32
    assert known.tolist() == [[[1, 0, 0]]]


def test_draws_again_until_the_rule_holds():
    maker = Rows(ratio=(0.4, 0.5))
    for seed in range(20):
        known = maker((10, 4), torch.Generator().manual_seed(seed))
        assert 1 - known.mean() == pytest.approx(0.5)  # 4 rows of 10 lie outside, 5 inside
    assert maker.draws > 20


def test_gives_up_and_names_maker_and_rule():
    maker = Rows(ratio=(0.41, 0.49))
    with pytest.raises(
        UserError, match=r"mask Rows: found no mask of 10x4 px with a hole share in \(0.41, 0.49\] in 1000"
    ):
        maker((10, 4), torch.Generator())
    assert maker.draws == 1000


def test_impossible_rules_are_told_without_a_draw():
    maker = Rows(ratio=(0.5, 0.6), border="clear", border_distance=4)
    with pytest.raises(UserError, match="impossible"):
        maker((10, 10), torch.Generator())
    assert maker.draws == 0


def test_under_another_rule_leaves_the_maker_as_it_was():
    maker = Rows(ratio=(0.4, 0.5))
    other = maker.under(Rule((0.1, 0.2)))
    assert 1 - other((10, 4), torch.Generator()).mean() == pytest.approx(0.2)
    assert 1 - maker((10, 4), torch.Generator()).mean() == pytest.approx(0.5)


def test_serves_splits_and_pictures_alike_by_default():
    maker = Rows()
    assert maker.for_split("train") is maker
    first = maker((10, 4), torch.Generator().manual_seed(3))
    assert maker.for_picture(7, "name", (10, 4), torch.Generator().manual_seed(3)).equal(first)
