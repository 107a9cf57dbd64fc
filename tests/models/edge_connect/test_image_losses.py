import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.losses.vgg19 import Vgg19Features
from inpaintlab.models.edge_connect.image_losses import FeatureLosses, l1_per_hole
from tests.losses.random_vgg19 import write_npz19
from tests.models.contract import smooth_pictures, square_holes


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(write_npz19(tmp_path_factory.mktemp("vgg19")))


@pytest.fixture
def batch():
    return Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))


@pytest.fixture
def prediction():
    return smooth_pictures(2, 3, 32, seed=1)


def test_l1_is_the_whole_pictures_over_the_share_of_hole(prediction, batch):
    """A quarter is hole."""
    expected = 4 * (prediction - batch.image).abs().mean()
    torch.testing.assert_close(l1_per_hole(prediction, batch), expected)


def test_l1_without_a_hole_is_finite(prediction, batch):
    assert l1_per_hole(prediction, Batch(batch.image, torch.ones_like(batch.known))).isfinite()


def grams(maps):
    """C x C per picture, over C * H * W, in float64."""
    flat = maps.double().flatten(2)
    return torch.einsum("bci,bdi->bcd", flat, flat) / (flat.shape[1] * flat.shape[2])


@pytest.mark.slow
@pytest.mark.parametrize("region", ["hole", "known", "all"])
@pytest.mark.parametrize("normalise", [False, True])
def test_by_the_formulas(region, normalise, weights, prediction, batch):
    """relu1_1 ... relu5_1 of the pictures, Gram matrices of relu2_2, 3_4, 4_4, 5_2 of what the region leaves."""
    terms = FeatureLosses(0.1, 250.0, region, weights, normalise)(prediction, batch, recompute=False)
    vgg = Vgg19Features(weights, normalise=normalise)
    first = [f"relu{block}_1" for block in range(1, 6)]
    maps = zip(vgg(prediction, first), vgg(batch.image, first), strict=True)
    expected = 0.1 * sum((ours - theirs).abs().mean() for ours, theirs in maps)
    torch.testing.assert_close(terms["perceptual"], expected, rtol=1e-4, atol=1e-6)
    kept = {"hole": batch.hole, "known": batch.known, "all": torch.ones_like(batch.known)}[region]
    last = ["relu2_2", "relu3_4", "relu4_4", "relu5_2"]
    maps = zip(vgg(prediction * kept, last), vgg(batch.image * kept, last), strict=True)
    expected = 250 * sum((grams(ours) - grams(theirs)).abs().mean() for ours, theirs in maps)
    torch.testing.assert_close(terms["style"].double(), expected, rtol=1e-3, atol=1e-6)


def test_recomputing_changes_no_gradient(weights, prediction, batch):
    losses = FeatureLosses(0.1, 250.0, "hole", weights, False)
    gradients = []
    for recompute in (False, True):
        picture = prediction.clone().requires_grad_()
        sum(losses(picture, batch, recompute=recompute).values()).backward()
        gradients.append(picture.grad)
    assert torch.equal(*gradients)
    assert gradients[0].any()


def test_a_term_of_weight_zero_is_left_out(weights, prediction, batch):
    assert set(FeatureLosses(0, 1, "hole", weights, False)(prediction, batch, recompute=False)) == {"style"}
    assert FeatureLosses(0, 0, "hole", None, False)(prediction, batch, recompute=False) == {}


def test_weights_are_asked_for_at_once():
    with pytest.raises(UserError, match="need VGG-19 weights"):
        FeatureLosses(1, 0, "hole", None, False)
