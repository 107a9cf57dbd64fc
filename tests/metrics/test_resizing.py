import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.metrics.resizing import RESIZES, SIDE


def pictures(height, width):
    return torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def sampled(picture, rows, columns):
    """Bilinear values of (H, W) at (row, column) positions, edges continued."""
    low = [np.floor(x).astype(int) for x in (rows, columns)]
    fraction = [x - y for x, y in zip((rows, columns), low, strict=True)]
    height, width = picture.shape

    def at(down, right):
        y, x = np.clip(low[0] + down, 0, height - 1), np.clip(low[1] + right, 0, width - 1)
        return picture[np.ix_(y, x)]

    top = at(0, 0) * (1 - fraction[1]) + at(0, 1) * fraction[1]
    bottom = at(1, 0) * (1 - fraction[1]) + at(1, 1) * fraction[1]
    return top * (1 - fraction[0][:, None]) + bottom * fraction[0][:, None]


@pytest.mark.parametrize("size", [(40, 56), (320, 310)])
@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("tensorflow", lambda side: np.arange(SIDE) * side / SIDE),
        ("bilinear", lambda side: np.maximum((np.arange(SIDE) + 0.5) * side / SIDE - 0.5, 0)),
        ("bilinear_corners", lambda side: np.arange(SIDE) * (side - 1) / (SIDE - 1)),
    ],
)
def test_the_three_bilinear_ways_sample_where_they_say(name, position, size):
    x = pictures(*size)
    found = RESIZES[name](x)
    expected = sampled(x[1, 2].numpy().astype(float), *(position(side) for side in size))
    np.testing.assert_allclose(found[1, 2], expected, atol=2e-2)


def test_antialiased_keeps_the_mean_of_what_it_shrinks():
    x = pictures(1196, 1196)  # four to one
    found = RESIZES["antialiased"](x)[0, 0].numpy()
    # A triangle of four pixels to each side, centred on the new pixel; off the edges the same weights everywhere.
    weights = 1 - np.abs(np.arange(-3.5, 4)) / 4
    weights /= weights.sum()
    block = x[0, 0, 4 * 100 - 2 : 4 * 100 + 6, 4 * 50 - 2 : 4 * 50 + 6].numpy().astype(float)
    assert found[100, 50] == pytest.approx(weights @ block @ weights, abs=1e-3)


def test_pil_bicubic_is_pils_without_rounding():
    x = pictures(64, 48) // 2 + 64  # far from 0 and 255, where PIL cuts 8-bit pictures off between the directions
    found = RESIZES["pil_bicubic"](x)[0].permute(1, 2, 0).numpy()
    rounded = np.asarray(Image.fromarray(x[0].permute(1, 2, 0).numpy()).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    assert np.abs(found - rounded).max() < 2
    assert np.abs(found - found.round()).max() > 0.4


def test_pil_bicubic_stays_within_the_range():
    found = RESIZES["pil_bicubic"](pictures(64, 48).ge(128) * torch.tensor(255, dtype=torch.uint8))
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("name", RESIZES)
def test_all_take_8_bit_and_give_float32_of_299_pixels(name):
    found = RESIZES[name](pictures(30, 20))
    assert found.dtype == torch.float32
    assert found.shape == (2, 3, SIDE, SIDE)
    same = pictures(SIDE, SIDE)
    torch.testing.assert_close(RESIZES[name](same), same.float(), rtol=0, atol=1e-2)
    flat = torch.full((1, 3, 33, 21), 77, dtype=torch.uint8)
    torch.testing.assert_close(RESIZES[name](flat), torch.full((1, 3, SIDE, SIDE), 77.0), rtol=0, atol=1e-3)
