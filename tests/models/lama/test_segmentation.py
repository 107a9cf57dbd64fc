import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.models.lama.segmentation import DilatedResNet50, SegmentationFeatures
from tests.models.lama.random_resnet import write_encoder


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"))


def test_size_of_the_encoder():
    with torch.device("meta"):
        network = DilatedResNet50()
    assert sum(parameter.numel() for parameter in network.parameters()) == 23_631_808
    assert len(network.state_dict()) == 330
    maps = network(torch.empty(1, 3, 64, 96, device="meta"))
    assert [tuple(m.shape[1:]) for m in maps] == [(256, 16, 24), (512, 8, 12), (1024, 8, 12), (2048, 8, 12)]


def test_strides_and_dilations():
    with torch.device("meta"):
        network = DilatedResNet50()
    found = {
        f"{number}.{index}": (block.conv2.stride[0], block.conv2.dilation[0], block.conv2.padding[0])
        for number in (1, 2, 3, 4)
        for index, block in enumerate(network.get_submodule(f"layer{number}"))
    }
    expected = dict.fromkeys(found, (1, 1, 1)) | {"2.0": (2, 1, 1)}
    expected |= {f"3.{index}": (1, 2, 2) for index in range(1, 6)}
    expected |= {"4.0": (1, 2, 2), "4.1": (1, 4, 4), "4.2": (1, 4, 4)}
    assert found == expected


def test_features_are_those_of_the_normalised_picture(path):
    features = SegmentationFeatures(str(path))
    picture = torch.rand(1, 3, 32, 40)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (picture - mean[:, None, None]) / std[:, None, None]
    state = torch.load(path, weights_only=True)
    for number, stride in ((1, 2), (2, 1), (3, 1)):
        expected = F.conv2d(expected, state[f"conv{number}.weight"], stride=stride, padding=1)
        norm = [state[f"bn{number}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
        expected = F.batch_norm(expected, *norm).relu()
    expected = features.network.layer1(F.max_pool2d(expected, 3, 2, 1))
    torch.testing.assert_close(features(picture)[0], expected)


def test_frozen_in_float32_and_grey(path):
    features = SegmentationFeatures(str(path))
    assert not features.network.training
    assert not any(parameter.requires_grad for parameter in features.network.parameters())
    grey = torch.rand(1, 1, 32, 32, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        maps = features(grey.bfloat16())
    assert all(m.dtype == torch.float32 for m in maps)
    sum(m.mean() for m in maps).backward()
    assert grey.grad.any()
    torch.testing.assert_close(features(grey)[3], features(grey.expand(1, 3, 32, 32))[3])


def test_old_files_without_counters(path, tmp_path):
    state = {name: v for name, v in torch.load(path, weights_only=True).items() if "num_batches" not in name}
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    picture = torch.rand(1, 3, 32, 32)
    found, expected = (SegmentationFeatures(str(p))(picture) for p in (tmp_path / "old.pth", path))
    assert all(map(torch.equal, found, expected))


def test_absent_weights_name_the_word_that_switches_the_term_off(tmp_path):
    with pytest.raises(
        UserError, match=r"give model.perceptual_weights=.*, or switch the term off: model.perceptual=0"
    ):
        SegmentationFeatures(None)
    with pytest.raises(UserError, match=r"perceptual_weights=.*no.pth: no such file .*model.perceptual=0"):
        SegmentationFeatures(str(tmp_path / "no.pth"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer4.2.bn3.bias": None}, r"layer4.2.bn3.bias is missing, expected \(2048,\); .*perceptual=0"),
        (
            {"conv1.weight": torch.zeros(64, 3, 7, 7)},
            r"conv1.weight has the shape \(64, 3, 7, 7\), expected \(64, 3, 3",
        ),
        ({"bn1.weight": torch.full((64,), torch.nan)}, "bn1.weight holds NaN or infinity"),
    ],
)
def test_wrong_weights(changes, message, tmp_path):
    with pytest.raises(UserError, match=message):
        SegmentationFeatures(str(write_encoder(tmp_path, **changes)))


def test_files_that_are_no_state_dict(tmp_path):
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(UserError, match=r"text.pth: cannot be read \(UnpicklingError\); .*perceptual=0"):
        SegmentationFeatures(str(tmp_path / "text.pth"))
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(UserError, match=r"list.pth: expected a state dict of tensors"):
        SegmentationFeatures(str(tmp_path / "list.pth"))
