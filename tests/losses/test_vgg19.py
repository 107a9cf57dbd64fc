import os
import urllib.error

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.losses.vgg19 import BLOCKS, Vgg19Features
from tests.losses.random_vgg19 import random_vgg19, shapes, write_npz19

ALL = [f"relu{block}_{number}" for block, (_, count) in enumerate(BLOCKS, 1) for number in range(1, count + 1)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(write_npz19(tmp_path_factory.mktemp("vgg19")))


@pytest.fixture(scope="module")
def vgg(weights):
    return Vgg19Features(weights, normalise=False)


@pytest.fixture
def picture():
    return torch.rand(2, 3, 16, 32, generator=torch.Generator().manual_seed(0))


def by_hand(maps):
    """The layers one after the other in float64, as torchvision orders them."""
    state, features, index = random_vgg19(), [], 0
    for block, (_, count) in enumerate(BLOCKS):
        if block:
            maps = F.max_pool2d(maps, 2)
            index += 1
        for _ in range(count):
            weight, bias = (torch.from_numpy(state[f"features.{index}.{kind}"]).double() for kind in ("weight", "bias"))
            maps = F.relu(F.conv2d(maps, weight, bias, padding=1))
            features.append(maps)
            index += 2
    return features


def test_keys_and_shapes_are_torchvisions():
    from torchvision.models import vgg19

    with torch.device("meta"):
        trunk = vgg19().features
    convolutions = {i: (m.in_channels, m.out_channels) for i, m in enumerate(trunk) if isinstance(m, torch.nn.Conv2d)}
    assert dict(list(convolutions.items())[: len(ALL)]) == shapes()


def test_equals_the_layers_one_by_one(vgg, picture):
    """Un-normalised, as EdgeConnect wants it."""
    for ours, expected in zip(vgg(picture, ALL), by_hand(picture.double()), strict=True):
        torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-4)


def test_normalised(weights, picture):
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).double()[..., None, None]
    (ours,) = Vgg19Features(weights, normalise=True)(picture, ["relu2_1"])
    torch.testing.assert_close(ours.double(), by_hand((picture.double() - mean) / std)[2], rtol=1e-4, atol=1e-4)


def test_only_what_is_asked_for_in_order(vgg, picture):
    first, second = vgg(picture, ("relu1_1", "relu3_4"))
    assert first.shape == (2, 64, 16, 32)
    assert second.shape == (2, 256, 4, 8)
    grey = picture[:, :1]
    assert torch.equal(vgg(grey, ["relu1_1"])[0], vgg(grey.expand(-1, 3, -1, -1), ["relu1_1"])[0])


def test_frozen_float32_and_open_to_the_gradient_of_the_picture(vgg, picture):
    picture.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        (maps,) = vgg(picture, ["relu5_2"])
    assert maps.dtype == torch.float32
    maps.sum().backward()
    assert picture.grad.any()
    assert not any(p.requires_grad for p in vgg.steps.parameters())


def test_too_small(vgg):
    with pytest.raises(UserError, match="size 15x64: VGG-19 halves pictures four times; give sides of 16 or more"):
        vgg(torch.rand(1, 3, 15, 64), ["relu1_1"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, r"need VGG-19 weights: give model.vgg_weights=IMAGENET1K_V1 .*model.perceptual=0 model.style=0"),
        ("no.npz", r"vgg_weights: no file no.npz, and not one of IMAGENET1K_V1; give model.vgg_weights=<"),
    ],
)
def test_without_weights(given, message):
    with pytest.raises(UserError, match=message):
        Vgg19Features(given, normalise=False)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"expected VGG-19 weights with torchvision's keys, features\.16\.weight is missing"),
        (np.zeros((8, 8, 3, 3), np.float32), r"features\.16\.weight should have the shape \(256, 256, 3, 3\)"),
    ],
)
def test_another_network(value, message, tmp_path):
    """VGG-16 has no convolution at 16."""
    with pytest.raises(UserError, match=message):
        Vgg19Features(str(write_npz19(tmp_path, **{"features.16.weight": value})), normalise=False)


def test_a_failing_download(tmp_path, monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    target = os.path.join(tmp_path, "checkpoints", "vgg19-dcbb9e9d.pth")
    with pytest.raises(UserError, match=rf"cannot fetch .*vgg19-dcbb9e9d.pth .*put the file at {target} yourself"):
        Vgg19Features("IMAGENET1K_V1", normalise=False)
