import numpy as np
import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.deepfill.network import initialise
from tests.models.deepfill.presets import network

CONVOLUTIONS = [
    *("conv1", "conv2_downsample", "conv3", "conv4_downsample", "conv5", "conv6"),
    *("conv7_atrous", "conv8_atrous", "conv9_atrous", "conv10_atrous", "conv11", "conv12"),
    *("conv13_upsample", "conv14", "conv15_upsample", "conv16", "conv17"),
    *("xconv1", "xconv2_downsample", "xconv3", "xconv4_downsample", "xconv5", "xconv6"),
    *("xconv7_atrous", "xconv8_atrous", "xconv9_atrous", "xconv10_atrous"),
    *("pmconv1", "pmconv2_downsample", "pmconv3", "pmconv4_downsample", "pmconv5", "pmconv6", "pmconv9", "pmconv10"),
    *("allconv11", "allconv12", "allconv13_upsample", "allconv14", "allconv15_upsample", "allconv16", "allconv17"),
]


def count(part):
    return sum(parameter.numel() for parameter in part.parameters())


def on_paper(version, **arguments):
    """Without memory or values."""
    with torch.device("meta"):
        return network(version, **arguments)


@pytest.mark.parametrize(
    ("version", "coarse", "total"), [("v1", 1_448_227, 3_601_542), ("v2", 1_631_151, 4_052_478)], ids=["v1", "v2"]
)
def test_parameters(version, coarse, total):
    net = on_paper(version)
    assert count(net.coarse) == coarse
    assert count(net) == total
    assert list(net.convolutions()) == CONVOLUTIONS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "coarse", "channels", "convolutions", "total"),
    [("v1", 9.652, 128, 22.435, 25.810), ("v2", 10.946, 96, 25.199, 27.734)],
    ids=["v1", "v2"],
)
def test_multiply_adds(version, coarse, channels, convolutions, total):
    """256 px. The attention compares 1,024 places by windows of 9 C and rebuilds patches of 16 C from them.

    The totals also count the sums of the fusing as the products with ones that they are in the authors' code, twice
    3 x 3 of them for each score; here they are sums.
    """
    with Counter() as counter:
        on_paper(version).coarse(torch.zeros(1, 5, 256, 256, device="meta"))
    assert counter.multiply_adds / 1e9 == pytest.approx(coarse, abs=5e-4)
    with torch.no_grad(), Counter() as counter:
        network(version)(torch.zeros(1, 3, 256, 256), torch.zeros(1, 1, 256, 256))
    attention = 1024**2 * (9 + 16) * channels
    assert (counter.multiply_adds - attention) / 1e9 == pytest.approx(convolutions, abs=5e-4)
    assert (counter.multiply_adds + 2 * 9 * 1024**2) / 1e9 == pytest.approx(total, abs=5e-4)


GOLDEN = {
    "v1 coarse": (0.174935, 0.130378, 0.044621, 0.333051, 0.076378, 0.019626),
    "v1": (0.103734, 0.128808, 0.061368, 0.156826, -0.036047, -0.054759),
    "v2 coarse": (-0.004007, 0.116650, -0.038835, -0.047547, -0.023807, -0.050526),
    "v2": (0.081016, 0.124373, 0.141415, 0.170890, 0.245276, -0.062456),
    "v2, fuse off": (0.077319, 0.117627, 0.141415, 0.133371, 0.120702, -0.062456),
    "v2 coarse, padding torch": (-0.004405, 0.118895, -0.012222, -0.068488, 0.238466, -0.049073),
}
"""Mean, deviation and four pixels. Made by a port of the authors' v2 and by a rebuilt v1, and by a second program from
the text alone; TensorFlow itself was not run."""


def formula(version, **arguments):
    """A network whose weights come from NumPy's frozen streams."""
    net = on_paper(version, **arguments)
    net.to_empty(device="cpu")
    gain = {"v1": 1.0, "v2": 2.0}[version]
    for number, layer in enumerate(net.convolutions().values(), start=1):
        shape = tuple(layer.weight.shape)
        weights = np.random.RandomState(1000 + number).standard_normal(shape) * gain / np.sqrt(np.prod(shape[1:]))
        layer.weight.data = torch.from_numpy(weights.astype(np.float32))
        bias = np.random.RandomState(2000 + number).standard_normal(shape[0]) * 0.05
        layer.bias.data = torch.from_numpy(bias.astype(np.float32))
    return net.eval()


def pictures():
    picture = torch.from_numpy(np.random.RandomState(7).uniform(-1, 1, (1, 3, 128, 160)).astype(np.float32))
    hole = torch.zeros(1, 1, 128, 160)
    hole[..., 24:88, 40:120] = 1
    return picture * (1 - hole), hole


def assert_golden(picture, name):
    points = [picture[0, c, y, x] for c, y, x in ((0, 0, 0), (1, 40, 70), (2, 56, 80), (0, 127, 159))]
    found = torch.stack([picture.mean(), picture.std(correction=0), *points])
    torch.testing.assert_close(found, torch.tensor(GOLDEN[name]), rtol=0, atol=2e-4)


@pytest.mark.parametrize("version", ["v1", "v2"])
@torch.no_grad()
def test_golden(version):
    net = formula(version)
    coarse, refined = net(*pictures())
    assert_golden(coarse, f"{version} coarse")
    assert_golden(refined, version)
    net.attention.chunk = 20 * 320 * 3
    torch.testing.assert_close(net(*pictures())[1], refined, rtol=0, atol=1e-5)
    if version == "v2":
        net.attention.fuse = False
        assert_golden(net(*pictures())[1], "v2, fuse off")


@torch.no_grad()
def test_golden_of_the_ports_padding():
    net = formula("v2", padding="torch")
    picture, hole = pictures()
    assert_golden(net.coarse(torch.cat([picture, torch.ones_like(hole), hole], 1)).tanh(), "v2 coarse, padding torch")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_refinement_sees_the_coarse_picture_in_the_hole_and_the_given_one_elsewhere(version):
    net, seen = network(version, width=2), []
    net.dilated_branch.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    picture, hole = (part[..., :32, 40:72] for part in pictures())
    coarse, _ = net(picture, hole)
    assert torch.equal(seen[0][:, :3], torch.where(hole > 0, coarse, picture))
    if version == "v1":
        assert torch.equal(seen[0][:, 3:], torch.cat([torch.ones_like(hole), hole], 1))
    else:
        assert seen[0].shape[1] == 3


def test_the_hole_is_halved_twice_by_the_attentions_rule():
    """A hole of one row at 64 px: TensorFlow's rule finds row 33 at a quarter of the size, not at an eighth."""
    net, seen = network("v2", width=2), []
    net.attention.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 33, :] = 1  # floor(7 * 63 / 15 + 1/2) = 29, floor(8 * 63 / 15 + 1/2) = 34: passed over
    hole[..., 34, :] = 1
    net(torch.zeros(1, 3, 64, 64), hole)
    net.attention.resize = "floor"
    net(torch.zeros(1, 3, 64, 64), hole)
    assert seen[0][0, 0].any(1).nonzero().flatten().tolist() == [8]
    assert seen[1][0, 0].any(1).nonzero().flatten().tolist() == []


def test_pictures_are_held_in_their_range():
    for version in ("v1", "v2"):
        net = network(version, width=2)
        for layer in net.convolutions().values():
            layer.bias.data += 50
        for picture in net(*(part[..., :32, 40:72] for part in pictures())):
            assert picture.max() <= 1


def test_initial_weights_are_glorots():
    """Uniform to sqrt(6 / (fan in + fan out)), fans of the whole convolution before its split."""
    torch.manual_seed(0)
    net = network("v2", width=8)
    initialise(net)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            limit = (6 / ((layer.in_channels + layer.out_channels) * layer.kernel_size[0] ** 2)) ** 0.5
            assert 0.85 * limit < layer.weight.abs().max().item() <= limit
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"convolution": "partial"}, r"model.convolution=partial: expected plain \| gated"),
        ({"output": "sigmoid"}, r"model.output=sigmoid: expected clip \| tanh"),
        ({"width": 3}, "model.width=3: expected an even number"),
        ({"padding": "same"}, r"padding=same: expected tf_same \| torch \| reflect"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        network("v2", **arguments)
