import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2gray

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.canny import canny
from inpaintlab.models.edge_connect.edges import Detector


@pytest.fixture(scope="module")
def grey():
    return torch.from_numpy(
        np.stack([rgb2gray(data.coffee())[:128, :160], data.camera()[100:228, 100:260] / 255])
    ).float()[:, None]


@pytest.fixture(scope="module")
def known():
    known = torch.ones(2, 1, 128, 160)
    known[..., 40:80, 50:110] = 0
    return known


def test_canny_is_the_layer(grey, known):
    detector = Detector("canny", 2.0, 0.1, 0.2)
    assert torch.equal(detector(grey), canny(grey))
    assert torch.equal(detector(grey, known), canny(grey, known))


def test_none_finds_nothing(grey, known):
    edges = Detector("none", 2.0, 0.1, 0.2)(grey, known)
    assert edges.shape == grey.shape
    assert not edges.any()


def overlap(first, second):
    return float((first * second).sum() / (first + second).clamp(max=1).sum())


def test_kornia_finds_most_of_the_same_pixels(grey, known):
    """It rounds the gradient's direction to 45 degrees: 0.82 of the union on photographs."""
    detector = Detector("kornia", 2.0, 0.1, 0.2)
    edges = detector(grey)
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    assert 0.6 < overlap(edges, canny(grey)) < 0.95
    masked = detector(grey, known)
    assert not (masked * (1 - known)).any()
    assert overlap(masked, canny(grey, known)) > 0.6


@pytest.mark.parametrize("kind", ["canny", "kornia"])
@pytest.mark.parametrize("under", [1.0, float("nan")])
def test_the_hole_is_never_read(kind, under, grey, known):
    detector = Detector(kind, 2.0, 0.1, 0.2)
    expected = detector(torch.where(known > 0, grey, 0), known)
    assert torch.equal(detector(torch.where(known > 0, grey, under), known), expected)


def test_under_autocast(grey):
    for kind in ("canny", "kornia"):
        detector = Detector(kind, 2.0, 0.1, 0.2)
        with torch.autocast("cpu", torch.bfloat16):
            edges = detector(grey)
        assert edges.dtype == torch.float32
        assert torch.equal(edges, detector(grey))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sobel", 2.0, 0.1, 0.2), r"model.detector: expected canny \| kornia \| none, got 'sobel'"),
        (("canny", 0.0, 0.1, 0.2), "expected sigma > 0 .*got sigma=0.0"),
        (("canny", 2.0, 0.3, 0.2), "low=0.3, high=0.2"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        Detector(*arguments)
