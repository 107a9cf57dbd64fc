import numpy as np
import pytest
import torch
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics.feature_networks import load_network
from inpaintlab.metrics.inception import RESIZES, SIDE, TAPS, Inception
from tests.metrics.random_weights import scatter


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A file of torch-fidelity's whole network."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(scatter(Inception(2048)).state_dict(), path)
    return path


def pictures(count=1, size=(40, 56)):
    return torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.slow
def test_features_and_logits_are_those_of_torch_fidelity(whole):
    widths = ["64", "192", "768", "2048"]
    theirs = FeatureExtractorInceptionV3("inception", [*widths, "logits_unbiased"], str(whole))(pictures())
    theirs = dict(zip([*widths, "logits_unbiased"], theirs, strict=True))
    for width in TAPS:
        network = load_network("inception2015", str(whole), features=width)
        found = network(pictures())
        assert found["features"].std() > 0
        torch.testing.assert_close(found["features"], theirs[str(width)], rtol=1e-4, atol=1e-5)
        assert (network.dim, network.label) == (width, f"FID-{width} inception2015")
    torch.testing.assert_close(found["logits"], theirs["logits_unbiased"], rtol=1e-4, atol=1e-4)
    assert network.sha256 == file_sha256(whole)


def test_it_stays_in_evaluation_mode():
    network = Inception(64)
    assert not network.train().training
    assert not any(module.training for module in network.modules())


def test_a_wrong_width_is_named():
    with pytest.raises(UserError, match="features=128: expected one of 64, 192, 768, 2048"):
        Inception(128)


def test_without_torch_fidelity_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch_fidelity", None)
    with pytest.raises(UserError, match=r"needs torch-fidelity; pip install 'inpaintlab\[metrics\]'"):
        Inception(64)


def noise(height, width):
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
    x = noise(*size)
    found = RESIZES[name](x)
    expected = sampled(x[1, 2].numpy().astype(float), *(position(side) for side in size))
    np.testing.assert_allclose(found[1, 2], expected, atol=2e-2)


def test_antialiased_keeps_the_mean_of_what_it_shrinks():
    x = noise(1196, 1196)  # four to one
    found = RESIZES["antialiased"](x)[0, 0].numpy()
    # A triangle of four pixels to each side, centred on the new pixel; off the edges the same weights everywhere.
    weights = 1 - np.abs(np.arange(-3.5, 4)) / 4
    weights /= weights.sum()
    block = x[0, 0, 4 * 100 - 2 : 4 * 100 + 6, 4 * 50 - 2 : 4 * 50 + 6].numpy().astype(float)
    assert found[100, 50] == pytest.approx(weights @ block @ weights, abs=1e-3)


def test_pil_bicubic_is_pils_without_rounding():
    x = noise(64, 48) // 2 + 64  # far from 0 and 255, where PIL cuts 8-bit pictures off between the directions
    found = RESIZES["pil_bicubic"](x)[0].permute(1, 2, 0).numpy()
    rounded = np.asarray(Image.fromarray(x[0].permute(1, 2, 0).numpy()).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    assert np.abs(found - rounded).max() < 2
    assert np.abs(found - found.round()).max() > 0.4


def test_pil_bicubic_stays_within_the_range():
    found = RESIZES["pil_bicubic"](noise(64, 48).ge(128) * torch.tensor(255, dtype=torch.uint8))
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("name", RESIZES)
def test_all_take_8_bit_and_give_float32_of_299_pixels(name):
    found = RESIZES[name](noise(30, 20))
    assert found.dtype == torch.float32
    assert found.shape == (2, 3, SIDE, SIDE)
    same = noise(SIDE, SIDE)
    torch.testing.assert_close(RESIZES[name](same), same.float(), rtol=0, atol=1e-2)
    flat = torch.full((1, 3, 33, 21), 77, dtype=torch.uint8)
    torch.testing.assert_close(RESIZES[name](flat), torch.full((1, 3, SIDE, SIDE), 77.0), rtol=0, atol=1e-3)
