import os
import urllib.error

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.losses.features import LAYERS, POOLS, VggFeatures
from inpaintlab.losses.perceptual import perceptual, style
from tests.losses.random_vgg import random_vgg, write_npz


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("vgg")))


@pytest.fixture(scope="module")
def vgg(weights):
    return VggFeatures(weights, "IMAGENET1K_V1")


@pytest.fixture
def picture():
    return torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0))


def by_hand(maps, biases=1.0):
    """The layers of VGG-16 up to pool3, one after the other, in float64."""
    state, features = random_vgg(), []
    for index in range(17):
        if index in LAYERS:
            weight, bias = (torch.from_numpy(state[f"features.{index}.{kind}"]).double() for kind in ("weight", "bias"))
            maps = F.relu(F.conv2d(maps, weight, biases * bias, padding=1))
        elif index in POOLS:
            maps = F.max_pool2d(maps, 2)
            features.append(maps)
    return features


def test_keys_and_shapes_are_torchvisions():
    from torchvision.models import vgg16

    with torch.device("meta"):
        trunk = vgg16().features
    convolutions = {i: m for i, m in enumerate(trunk[:17]) if isinstance(m, torch.nn.Conv2d)}
    assert {i: (m.in_channels, m.out_channels) for i, m in convolutions.items()} == LAYERS
    assert tuple(i for i, m in enumerate(trunk[:17]) if isinstance(m, torch.nn.MaxPool2d)) == POOLS


def test_equals_the_layers_one_by_one(vgg, picture):
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).double()[..., None, None]
    for ours, expected in zip(vgg(picture), by_hand((picture.double() - mean) / std), strict=True):
        torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-4)


def test_the_original_convention(weights, picture):
    """0..255 minus the mean; the features are divided, which equals dividing the pictures and all biases."""
    mean = torch.tensor([123.68, 116.779, 103.939]).double()[:, None, None]
    centred = (255 * picture.double() - mean) / (255 * 0.226)
    features = VggFeatures(weights, "IMAGENET1K_FEATURES")(picture)
    for ours, expected in zip(features, by_hand(centred, biases=1 / (255 * 0.226)), strict=True):
        torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-4)


def test_shapes_and_grey(vgg, picture):
    assert [tuple(maps.shape) for maps in vgg(picture)] == [(2, 64, 8, 12), (2, 128, 4, 6), (2, 256, 2, 3)]
    grey = picture[:, :1]
    for ours, expected in zip(vgg(grey), vgg(grey.expand(-1, 3, -1, -1)), strict=True):
        assert torch.equal(ours, expected)


def test_too_small_a_picture(vgg):
    assert vgg(torch.rand(1, 3, 8, 9))[2].shape == (1, 256, 1, 1)
    with pytest.raises(UserError, match=r"size 7x32: VGG-16 .* sides of 8 or more"):
        vgg(torch.rand(1, 3, 7, 32))


def test_frozen_but_open_to_the_gradient_of_the_picture(vgg, picture):
    picture.requires_grad_()
    with torch.no_grad():
        truth = vgg(torch.zeros_like(picture))
    features = vgg(picture)
    (perceptual(features, truth) + style(features, truth)).backward()
    assert picture.grad.abs().sum() > 0
    assert not vgg.blocks.training
    assert all(not p.requires_grad and p.grad is None for p in vgg.blocks.parameters())


def test_descent_on_the_picture(vgg, picture):
    with torch.no_grad():
        truth = vgg(picture)
    guess = torch.full_like(picture, 0.5).requires_grad_()
    optimizer = torch.optim.Adam([guess], lr=0.02)
    values = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = perceptual(vgg(guess), truth)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.8 * values[0]


def test_float32_under_autocast(vgg, picture):
    expected = vgg(picture.bfloat16())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = vgg(picture.bfloat16())
    for ours, theirs in zip(features, expected, strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("kind", ["half", "pth", "whole network"])
def test_kinds_of_files(kind, tmp_path, vgg, picture):
    if kind == "half":
        path = tmp_path / "vgg_fp16.npz"
        np.savez(path, **random_vgg(dtype=np.float16))
    else:
        path = tmp_path / "vgg.pth"
        state = {key: torch.from_numpy(value) for key, value in random_vgg().items()}
        extra = {"features.17.weight": torch.zeros(1), "classifier.0.bias": torch.zeros(1)}
        torch.save(state | (extra if kind == "whole network" else {}), path)
    for ours, expected in zip(VggFeatures(str(path), "IMAGENET1K_V1")(picture), vgg(picture), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0.02, atol=0.02)


def test_no_weights():
    with pytest.raises(UserError, match=r"need VGG-16 weights.*IMAGENET1K_V1.*model.perceptual=0 model.style=0"):
        VggFeatures(None)


@pytest.mark.parametrize("convention", [None, "caffe"])
def test_a_file_must_say_its_convention(convention, weights):
    with pytest.raises(UserError, match=r"vgg_convention: say which of IMAGENET1K_V1 \| IMAGENET1K_FEATURES the file"):
        VggFeatures(weights, convention)


def test_named_weights_have_their_own_convention():
    with pytest.raises(UserError, match="vgg_convention: IMAGENET1K_V1 has its own"):
        VggFeatures("IMAGENET1K_V1", "IMAGENET1K_FEATURES")


def test_no_such_file(tmp_path):
    with pytest.raises(UserError, match=r"no file .*vgg.pth, and not one of IMAGENET1K_V1.*model.perceptual=0"):
        VggFeatures(str(tmp_path / "vgg.pth"), "IMAGENET1K_V1")


@pytest.mark.parametrize("suffix", [".npz", ".pth"])
def test_torn_file(suffix, tmp_path):
    path = tmp_path / f"vgg{suffix}"
    path.write_bytes(b"PK\x03\x04 not the rest")
    with pytest.raises(UserError, match=f"cannot read .*vgg{suffix}"):
        VggFeatures(str(path), "IMAGENET1K_V1")


def test_code_in_a_file_is_not_run(tmp_path):
    path = tmp_path / "vgg.pth"
    torch.save({"features.0.weight": os.system}, path)
    with pytest.raises(UserError, match=r"cannot read .*vgg\.pth"):
        VggFeatures(str(path), "IMAGENET1K_V1")


def test_not_a_state_dict(tmp_path):
    path = tmp_path / "vgg.pth"
    torch.save([1, 2], path)
    with pytest.raises(UserError, match=r"vgg.pth holds a list, expected a state dict"):
        VggFeatures(str(path), "IMAGENET1K_V1")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"torchvision's keys, features\.5\.weight is missing"),
        (
            np.zeros((128, 64, 5, 5)),
            r"features\.5\.weight should have the shape \(128, 64, 3, 3\), got \(128, 64, 5, 5\)",
        ),
        (np.full((128, 64, 3, 3), np.nan), r"features\.5\.weight holds NaN"),
    ],
)
def test_another_network(value, message, tmp_path):
    path = write_npz(tmp_path, **{"features.5.weight": value})
    with pytest.raises(UserError, match=message):
        VggFeatures(str(path), "IMAGENET1K_V1")


@pytest.mark.parametrize("name", ["IMAGENET1K_V1", "IMAGENET1K_FEATURES"])
def test_torchvision_finds_a_downloaded_file(name, tmp_path, monkeypatch, picture):
    """The whole way through torchvision and torch.hub; only the check of the hash is left out."""
    from torchvision.models import VGG16_Weights

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", None)
    (tmp_path / "checkpoints").mkdir()
    state = {key: torch.from_numpy(value) for key, value in random_vgg().items()}
    torch.save(state, tmp_path / "checkpoints" / os.path.basename(VGG16_Weights[name].url))
    expected = VggFeatures(str(write_npz(tmp_path)), name)(picture)
    assert all(map(torch.equal, VggFeatures(name)(picture), expected))


def test_a_failing_download(tmp_path, monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    message = (
        r"cannot fetch https://download.pytorch.org/models/vgg16-397923af.pth .*"
        rf"put the file at {tmp_path}/checkpoints/vgg16-397923af.pth yourself.*model.perceptual=0 model.style=0"
    )
    with pytest.raises(UserError, match=message):
        VggFeatures("IMAGENET1K_V1")
