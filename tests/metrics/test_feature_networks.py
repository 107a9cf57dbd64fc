import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics.feature_networks import FAMILIES, load_network
from inpaintlab.metrics.inception import Inception
from tests.metrics.random_weights import scatter


class Colours(nn.Module):
    """Mean colours as the features."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, pictures):
        assert pictures.dtype == torch.uint8
        return self.gain * pictures.float().mean((2, 3))


class Script(nn.Module):
    """Speaks like the TorchScript of StyleGAN: uint8 of any size."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, pictures: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        features = self.weight * pictures.to(torch.float32).mean((2, 3))
        return features if return_features else features.softmax(1)


def pictures(count=2, size=(32, 48)):
    return torch.randint(0, 256, (count, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A file with the first layers of the Inception of 2015."""
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(scatter(Inception(64)).state_dict(), path)
    return path


def test_clean_fid_is_the_original_after_pils_bicubic(original):
    pixels = [torchvision.transforms.functional.to_pil_image(x) for x in pictures()]
    channels = [[c.convert("F").resize((299, 299), resample=3) for c in picture.split()] for picture in pixels]
    resized = torch.stack([torch.stack([_tensor(c) for c in picture]) for picture in channels])
    network = load_network("clean_fid", str(original), features=64)
    stem = Inception(64)
    stem.load_state_dict(torch.load(original, weights_only=True))
    expected = stem(resized.clamp(0, 255))["features"]
    torch.testing.assert_close(network(pictures())["features"], expected)
    assert network.label == "FID-64 clean_fid"
    plain = load_network("inception2015", str(original), features=64)
    assert not torch.allclose(network(pictures())["features"], plain(pictures())["features"], rtol=1e-3)


def _tensor(image):
    return torch.tensor(list(image.tobytes()), dtype=torch.uint8).view(torch.float32).view(299, 299)


def test_another_resize_is_in_the_label(original):
    network = load_network("inception2015", str(original), resize="antialiased", features=64)
    assert network.label == "FID-64 inception2015, antialiased"
    assert network.sha256 == file_sha256(original)


@pytest.mark.slow
def test_torchvisions_features_are_those_before_its_classes(tmp_path):
    theirs = scatter(torchvision.models.inception_v3(weights=None, init_weights=False, transform_input=False)).eval()
    path = tmp_path / "torchvision.pth"
    torch.save(theirs.state_dict(), path)
    x = F.interpolate(pictures(1).float() / 255, (299, 299), mode="bilinear", align_corners=False)
    # edge-connect's and AOT-GAN's scaling of [0, 1], which is ImageNet's undone and [-1, 1] made.
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    taken = []
    theirs.Mixed_7c.register_forward_hook(lambda module, inputs, output: taken.append(output))
    with torch.no_grad():
        logits = theirs((x * std + mean - 0.5) / 0.5)
    network = load_network("torchvision", str(path))
    found = network(pictures(1))
    torch.testing.assert_close(found["features"], taken[0].mean((2, 3)), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found["logits"], logits, rtol=1e-4, atol=1e-3)
    assert (network.label, network.dim, network.sha256) == ("FID-2048 torchvision", 2048, file_sha256(path))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script. is deprecated:FutureWarning")
def test_the_script_of_stylegan_sees_the_pictures_as_they_are(tmp_path):
    path = tmp_path / "script.pt"
    torch.jit.script(Script()).save(path)
    network = load_network("stylegan", str(path))
    torch.testing.assert_close(network(pictures())["features"], 2 * pictures().float().mean((2, 3)))
    assert (network.label, network.dim, network.sha256) == ("FID-3 stylegan", 3, file_sha256(path))


def test_a_network_of_ones_own_is_named_and_hashed_by_its_weights():
    network = load_network(Colours())
    torch.testing.assert_close(network(pictures())["features"], pictures().float().mean((2, 3)))
    assert (network.label, network.dim) == ("FID-3 Colours", 3)
    assert network.sha256 == load_network(Colours()).sha256 != load_network(Colours(2.0)).sha256
    assert not network.network.gain.requires_grad
    by_target = load_network({"_target_": "tests.metrics.test_feature_networks.Colours", "gain": 2.0})
    assert by_target.sha256 == load_network(Colours(2.0)).sha256


def test_precision_around_it_changes_nothing():
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 4))
    module.forward = lambda x: nn.Sequential.forward(module, x.float())
    network = load_network(module_with_width(module, 4))
    expected = network(pictures(size=(4, 4)))["features"]
    with torch.autocast("cpu", torch.bfloat16):
        found = network(pictures(size=(4, 4)))["features"]
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def module_with_width(module, width):
    module.num_features = width
    return module


def test_only_8_bit_colour_is_taken():
    network = load_network(Colours())
    for wrong in (pictures().float(), pictures()[:, :1], pictures()[0]):
        with pytest.raises(ValueError, match=r"expected uint8 \(B, 3, H, W\)"):
            network(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_stands_for_another(family, tmp_path):
    other = tmp_path / "other.pt"
    torch.save({"weight": torch.zeros(3)}, other)
    with pytest.raises(UserError, match=rf"weights\.{family}=.*other\.pt: .*https://"):
        load_network(family, str(other))
    other.write_bytes(b"no weights at all")
    with pytest.raises(UserError, match=rf"weights\.{family}=.*other\.pt: cannot be .*https://"):
        load_network(family, str(other))
    with pytest.raises(UserError, match=r"metrics\.mine=.*none\.pt: no such file; it is to be had from https://"):
        load_network(family, str(tmp_path / "none.pt"), key="metrics.mine")


def test_wrong_words_are_named():
    with pytest.raises(UserError, match="network=resnet: expected inception2015, clean_fid, torchvision, stylegan, or"):
        load_network("resnet")
    with pytest.raises(UserError, match="resize=nearest: expected one of tensorflow, bilinear"):
        load_network("torchvision", resize="nearest")
    with pytest.raises(UserError, match="resize=bilinear: stylegan resizes inside"):
        load_network("stylegan", resize="bilinear")
    with pytest.raises(UserError, match="reads its weights and resizes by itself"):
        load_network(Colours(), resize="bilinear")
    with pytest.raises(UserError, match="expected a _target_"):
        load_network({"weights": "x"})
