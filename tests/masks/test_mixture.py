import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.center import Center
from inpaintlab.masks.mixture import Mixture
from inpaintlab.masks.squares import Squares
from inpaintlab.masks.text import Text

SIZE = (16, 16)


def two(weights=(3, 1), **rule):
    makers = {"small": Center(side=2), "large": Center(side=8)}
    return Mixture(makers=makers, weights=dict(zip(makers, weights, strict=True)), **rule)


def counts(mixture, number=2000):
    holes = [int((mixture(SIZE, torch.Generator().manual_seed(seed)) == 0).sum()) for seed in range(number)]
    return {count: holes.count(count) / number for count in set(holes)}


def test_chooses_by_weight():
    share = counts(two())
    assert set(share) == {4, 64}
    assert share[4] == pytest.approx(0.75, abs=0.05)  # 3 of 4; five standard deviations


def test_weight_zero_switches_off():
    assert counts(two((0, 1)), 100) == {64: 1.0}


def test_its_rule_replaces_the_makers_own():
    mixture = Mixture(makers={"s": Squares(ratio=(0.5, 0.6))}, weights={"s": 1}, ratio=(0.1, 0.2))
    share = (mixture((64, 64), torch.Generator()) == 0).float().mean()
    assert 0.1 < share <= 0.2
    own = Mixture(makers={"s": Squares(ratio=(0.5, 0.6))}, weights={"s": 1})
    assert (own((64, 64), torch.Generator()) == 0).float().mean() > 0.5


def test_serves_the_split_and_the_picture_through_its_makers():
    mixture = Mixture(makers={"t": Text(pages_train=1, pages_test=1)}, weights={"t": 1})
    assert mixture.for_split("val").makers["t"].split == "test"
    assert mixture.makers["t"].split == "train"
    known = mixture.for_picture(0, "a", SIZE, torch.Generator().manual_seed(1))
    assert known.equal(mixture(SIZE, torch.Generator().manual_seed(1)))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"small": 1}, r"expected one for each of the makers \['large', 'small'\], got \['small'\]"),
        ({"small": -1, "large": 2}, "expected none below 0"),
        ({"small": 0, "large": 0}, "and one above"),
    ],
)
def test_refuses(weights, message):
    with pytest.raises(UserError, match=message):
        Mixture(makers={"small": Center(), "large": Center()}, weights=weights)
