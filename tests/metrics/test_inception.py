import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics.feature_networks import load_network
from inpaintlab.metrics.inception import TAPS, Inception, Inception768, list_scopes
from tests.metrics.random_weights import scatter


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A file of torch-fidelity's whole network."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(scatter(Inception(2048)).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """The convolutions of the TensorFlow graph up to 768 features, half precision, norms folded in."""
    random = np.random.default_rng(0)
    arrays = {}
    network = Inception(768)
    for name, scope in list_scopes(network):
        shape = network.get_submodule(name).conv.weight.shape
        arrays[f"{scope}_w"] = random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float16)
        arrays[f"{scope}_b"] = random.uniform(-0.1, 0.1, shape[0]).astype(np.float16)
    path = tmp_path_factory.mktemp("weights") / "folded.npz"
    np.savez(path, **arrays)
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


def test_the_graphs_weights_make_the_graphs_network(folded):
    """Recompute by TensorFlow's names: stem, one block of each kind and all in between."""
    weights = {name: torch.from_numpy(array).float() for name, array in np.load(folded).items()}

    def conv(x, scope, stride=1, padding="same"):
        return F.relu(F.conv2d(x, weights[f"{scope}_w"], weights[f"{scope}_b"], stride, padding))

    def chain(x, scope, count, last_stride=1):
        for index in range(count):
            name = f"{scope}_conv_{index}" if index else f"{scope}_conv"
            last = index == count - 1 and last_stride == 2
            x = conv(x, name, 2, "valid") if last else conv(x, name)
        return x

    def average(x):
        ones = torch.ones_like(x[:1, :1])
        return F.avg_pool2d(x, 3, 1, 1) / F.avg_pool2d(ones, 3, 1, 1)  # the padding does not count

    x = pictures(size=(299, 299))  # no resize
    x = (x.float() - 128) / 128
    x = conv(conv(x, "conv", 2, "valid"), "conv_1", padding="valid")
    x = F.max_pool2d(conv(x, "conv_2"), 3, 2)
    x = F.max_pool2d(conv(conv(x, "conv_3"), "conv_4", padding="valid"), 3, 2)
    for m in ("mixed", "mixed_1", "mixed_2"):
        parts = [chain(x, m, 1), chain(x, f"{m}_tower", 2), chain(x, f"{m}_tower_1", 3)]
        x = torch.cat([*parts, chain(average(x), f"{m}_tower_2", 1)], 1)
    parts = [conv(x, "mixed_3_conv", 2, "valid"), chain(x, "mixed_3_tower", 3, last_stride=2)]
    x = torch.cat([*parts, F.max_pool2d(x, 3, 2)], 1)
    for m in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        parts = [chain(x, m, 1), chain(x, f"{m}_tower", 3), chain(x, f"{m}_tower_1", 5)]
        x = torch.cat([*parts, chain(average(x), f"{m}_tower_2", 1)], 1)
    expected = x.mean((2, 3))

    network = load_network({"_target_": "inpaintlab.metrics.inception.Inception768", "weights": str(folded)})
    found = network(pictures(size=(299, 299)))
    assert expected.std() > 0
    torch.testing.assert_close(found["features"], expected, rtol=1e-4, atol=1e-4)
    assert set(found) == {"features"}
    assert (network.label, network.dim, network.sha256) == ("FID-768 inception2015", 768, file_sha256(folded))


def test_the_network_to_inject_reads_the_whole_file_too(whole):
    network = Inception768(str(whole), resize="bilinear")
    assert network.label == "FID-768 inception2015, bilinear"
    expected = load_network("inception2015", str(whole), resize="bilinear", features=768)
    torch.testing.assert_close(network(pictures()), expected(pictures())["features"])


def test_it_stays_in_evaluation_mode():
    network = Inception(64)
    assert not network.train().training
    assert not any(module.training for module in network.modules())


def test_wrong_choices_and_files_are_named(tmp_path, folded):
    with pytest.raises(UserError, match="features=128: expected one of 64, 192, 768, 2048"):
        Inception(128)
    with pytest.raises(UserError, match="resize=nearest: expected one of tensorflow"):
        Inception768(str(folded), resize="nearest")
    with pytest.raises(UserError, match=r"weights=.*none\.npz: no such file; it is to be had from https://"):
        Inception768(str(tmp_path / "none.npz"))
    np.savez(tmp_path / "other.npz", conv_w=np.zeros((32, 3, 3, 3)), conv_b=np.zeros(32))
    with pytest.raises(UserError, match=r"other\.npz: has no conv_1_w and conv_1_b"):
        Inception768(str(tmp_path / "other.npz"))
    arrays = dict(np.load(folded).items())
    np.savez(tmp_path / "shape.npz", **{**arrays, "conv_w": np.zeros((32, 3, 5, 5))})
    with pytest.raises(UserError, match=r"weights=.*shape\.npz: not torch-fidelity's .*Conv2d_1a_3x3"):
        Inception768(str(tmp_path / "shape.npz"))


def test_without_torch_fidelity_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch_fidelity", None)
    with pytest.raises(UserError, match=r"needs torch-fidelity; pip install 'inpaintlab\[metrics\]'"):
        Inception(64)
