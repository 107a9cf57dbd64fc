import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2gray
from skimage.feature import canny as reference

from inpaintlab.layers.canny import LUMA, blur, canny, luminance

PICTURES = ("astronaut", "camera", "chelsea", "coffee", "rocket")


def grey(name):
    picture = getattr(data, name)()
    return rgb2gray(picture) if picture.ndim == 3 else picture / 255


def holes(shape):
    """Two rectangles, one in a corner."""
    known = np.ones(shape, bool)
    known[shape[0] // 3 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = False
    known[:20, :30] = False
    return known


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values))[None, None]


@pytest.mark.parametrize("name", PICTURES)
def test_equals_scikit_image_pixel_by_pixel(name):
    pixels = grey(name)
    expected = reference(pixels, sigma=2, low_threshold=0.1, high_threshold=0.2)
    assert expected.sum() > 5000
    assert np.array_equal(canny(tensor(pixels))[0, 0].bool().numpy(), expected)


@pytest.mark.parametrize("name", PICTURES)
def test_equals_scikit_image_with_a_hole(name):
    pixels = grey(name)
    known = holes(pixels.shape)
    expected = reference(pixels, sigma=2, low_threshold=0.1, high_threshold=0.2, mask=known)
    found = canny(tensor(pixels), tensor(known).double())[0, 0].bool().numpy()
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("sigma", "low", "high"), [(1.0, 0.05, 0.3), (3.3, 0.02, 0.05)])
def test_other_numbers(sigma, low, high):
    pixels = grey("chelsea")
    expected = reference(pixels, sigma=sigma, low_threshold=low, high_threshold=high)
    assert np.array_equal(canny(tensor(pixels), None, sigma, low, high)[0, 0].bool().numpy(), expected)


def test_the_whole_way_from_a_float32_picture():
    """As a batch has it: its grey differs from that of the file's bytes in the eighth digit."""
    picture = data.chelsea()
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    expected = reference(rgb2gray(picture), sigma=2, low_threshold=0.1, high_threshold=0.2)
    found = canny(luminance(image))
    assert found.dtype == torch.float32
    assert (found[0, 0].bool().numpy() != expected).sum() <= 2


def test_pictures_of_a_batch_do_not_touch():
    pixels = [tensor(grey(name)[:160, :160]) for name in PICTURES]
    together = canny(torch.cat(pixels))
    assert torch.equal(together, torch.cat([canny(one) for one in pixels]))


@pytest.mark.parametrize("under", [0.0, 1.0, float("nan")])
def test_the_hole_is_never_read(under):
    pixels = tensor(grey("coffee")[:128, :128])
    known = torch.ones_like(pixels)
    known[..., 30:70, 40:90] = 0
    expected = canny(pixels, known)
    assert torch.equal(canny(torch.where(known > 0, pixels, under), known), expected)
    assert not (expected * (1 - known)).any()
    assert expected.any()


def test_a_step_is_a_line():
    """Between the two middle columns; both have the largest magnitude, so the last bit may leave one out."""
    step = torch.zeros(1, 1, 32, 32)
    step[..., 16:] = 1
    edges = canny(step)[0, 0]
    assert edges[1:-1, 15:17].any(1).all()
    edges[1:-1, 15:17] = 0
    assert not edges.any()


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_flat_picture_has_no_edges(value):
    assert not canny(torch.full((2, 1, 20, 24), value)).any()


def test_hysteresis_follows_a_long_way():
    """A spiral that is weak everywhere and strong at its end: all of it, or nothing without the end."""
    from inpaintlab.layers.canny import _hysteresis

    weak = torch.zeros(2, 1, 41, 41, dtype=torch.bool)
    row, column, way = 0, 0, (0, 1)
    for length in (40, 40, 40, 38, 38, 36, 36, 34, 34, 32, 32):
        for _ in range(length):
            weak[0, 0, row, column] = True
            row, column = row + way[0], column + way[1]
        way = (way[1], -way[0])
    weak[1] = weak[0]
    strong = torch.zeros_like(weak)
    last = weak[0, 0].nonzero()[-1]
    strong[0, 0, last[0], last[1]] = True
    kept = _hysteresis(weak, strong)
    assert torch.equal(kept[0], weak[0])
    assert not kept[1].any()


def test_luminance():
    assert sum(LUMA) == pytest.approx(1)
    picture = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    expected = torch.from_numpy(rgb2gray(picture.permute(0, 2, 3, 1).numpy()))
    torch.testing.assert_close(luminance(picture)[:, 0], expected)
    assert torch.equal(luminance(picture[:, :1]), picture[:, :1])


def test_blur_keeps_the_sum_of_what_is_far_from_the_border():
    point = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    point[..., 20, 20] = 1
    blurred = blur(point, 2.0)
    assert float(blurred.sum()) == pytest.approx(1)
    assert int((blurred > 0).sum()) == 17**2  # radius 8
    assert float(blurred[0, 0, 20, 21] / blurred[0, 0, 20, 20]) == pytest.approx(np.exp(-1 / 8))


def test_bfloat16_pictures_are_judged_in_float64():
    pixels = tensor(grey("chelsea")[:96, :96]).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        edges = canny(pixels)
    assert edges.dtype == torch.bfloat16
    assert torch.equal(edges.double(), canny(pixels.double()))
