import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.pixels import Pixels


def test_exactly_the_share_is_missing():
    # 80 % of 64 x 64 = 3276.8, so 3277
    assert (Pixels()((64, 64), torch.Generator().manual_seed(0)) == 0).sum() == 3277


def test_every_pixel_is_as_likely():
    mean = sum(Pixels(missing=0.25)((8, 8), torch.Generator().manual_seed(seed)) for seed in range(2000)) / 2000
    # 0.75 known, standard deviation sqrt(0.75 * 0.25 / 2000) = 0.0097; five of them
    assert (mean - 0.75).abs().max() < 0.05


@pytest.mark.parametrize("missing", [0, 1, 1.5])
def test_refuses_what_is_no_share(missing):
    with pytest.raises(UserError, match=rf"missing={missing}: expected a share in \(0, 1\)"):
        Pixels(missing=missing)


def test_refuses_a_share_outside_the_ratio():
    with pytest.raises(UserError, match=r"missing=0.8 lies outside ratio=\[0.1, 0.2\]; set missing=null"):
        Pixels(ratio=[0.1, 0.2])


def test_refuses_more_than_has_room_clear_of_the_border():
    # distance 6 leaves 52 x 52 of 64 x 64 = 0.66
    with pytest.raises(UserError, match=r"missing=0.8: .*border=clear \(6 px\) leaves room for 0.66"):
        Pixels(border="clear")((64, 64), torch.Generator())
