import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.harmonic_residual import HarmonicResidual
from inpaintlab.models.harmonic_residual.views import views_of


@pytest.mark.parametrize("count", [1, 2, 8])
def test_every_view_is_another_and_comes_back(count):
    x = torch.rand(1, 3, 6, 10)
    turned = [view.turn(x) for view in views_of(count)]
    assert torch.equal(turned[0], x)
    assert len({tuple(t.flatten().tolist()) for t in turned}) == count
    for view, t in zip(views_of(count), turned, strict=True):
        assert torch.equal(view.turn_back(t), x)


def test_the_mean_of_eight_fills_turns_with_the_picture():
    torch.manual_seed(0)
    model = HarmonicResidual(widths=[4, 6], blocks=[1, 1], views=8)
    torch.nn.init.normal_(model.network.head.weight, std=0.1)
    picture, known = torch.rand(1, 3, 16, 24), (torch.rand(1, 1, 16, 24) > 0.4).float()
    straight = model.inpaint(picture * known, known)
    turned = model.inpaint((picture * known).rot90(1, (2, 3)), known.rot90(1, (2, 3)))
    torch.testing.assert_close(turned, straight.rot90(1, (2, 3)), atol=1e-4, rtol=0)


def test_other_counts_are_refused():
    with pytest.raises(UserError, match=r"model\.views=3: expected one of 1, 2, 8"):
        views_of(3)
