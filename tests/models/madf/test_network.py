import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf.network import MADFNet
from tests.models.madf.unfold import use_unfold


def small(**arguments):
    torch.manual_seed(0)
    return MADFNet(**({"levels": 3, "width": 2, "mask_channels": 4, "refinements": 2} | arguments))


def inputs(size=16, channels=3, dtype=torch.float32):
    torch.manual_seed(1)
    known = torch.ones(2, 1, size, size, dtype=dtype)
    known[..., size // 4 : size // 2, size // 4 :] = 0
    return torch.randn(2, channels, size, size, dtype=dtype) * known, known


def on_paper(**arguments):
    """The paper's network without memory or time."""
    with torch.device("meta"):
        return MADFNet(**arguments)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("refinements", "total"), [(0, 40_741_817), (1, 62_940_887), (2, 85_139_966), (3, 107_339_054)]
)
def test_parameters(refinements, total):
    """0 to 2: the released networks, less their 1,248 dead ones; 3 goes on with 22,199,088 (9 more than F_2)."""
    assert parameters(on_paper(refinements=refinements)) == total


@pytest.mark.parametrize(("refinements", "billions"), [(0, 10.433), (1, 19.346), (2, 28.261)])
def test_multiply_adds(refinements, billions):
    """256 px, convolutions. Ours saves, for each F_k, three quarters of the last convolution's part on f^(1, k)."""
    network = on_paper(refinements=refinements)
    picture, known = torch.zeros(1, 3, 256, 256, device="meta"), torch.zeros(1, 1, 256, 256, device="meta")
    with FlopCounterMode(display=False) as counter:
        network(picture, known)
    counted = counter.get_total_flops() / 2
    saved = refinements * 64 * 3 * (256**2 - 128**2)
    assert (counted + saved) / 1e9 == pytest.approx(billions, abs=5e-4)


def test_channels_of_the_paper_and_of_the_code():
    """Section III-D's formula min(128, 16 * 2^l), or Fig. 5's sixteen at the first level; u is the same."""
    for choice, expected in (
        ("code", [16, 32, 64, 128, 128, 128, 128]),
        ("formula", [32, 64, 128, 128, 128, 128, 128]),
    ):
        encoder = on_paper(enc_channels=choice).encoder
        assert [level.filter.weight.shape[1] for level in encoder.levels] == expected
        assert [up.out_channels for up in encoder.up] == [64, 128, 256, 512, 512, 512, 512]


@pytest.mark.parametrize("encoder", ["madf", "gconv", "pconv"])
@pytest.mark.parametrize("norm", ["pn", "bn"])
@pytest.mark.parametrize("refinements", [0, 1, 2, 3])
def test_variants(encoder, norm, refinements):
    network = small(encoder=encoder, norm=norm, refinements=refinements)
    pictures = network(*inputs())
    assert [tuple(picture.shape) for picture in pictures] == [(2, 3, 16, 16)] * (refinements + 1)
    assert all(picture.isfinite().all() for picture in pictures)


def test_the_rivals_change_the_encoders_filters_alone():
    ours, gated, partial = (on_paper(encoder=kind) for kind in ("madf", "gconv", "pconv"))
    for other in (gated, partial):
        assert [tuple(p.shape) for p in other.encoder.up.parameters()] == [
            tuple(p.shape) for p in ours.encoder.up.parameters()
        ]
        assert parameters(other.recovery) == parameters(ours.recovery)
        assert parameters(other.refinement) == parameters(ours.refinement)


def test_the_last_convolution_sees_every_earlier_picture():
    """F_1: 64 + 3 + 6 = 73 channels, F_2: 76, F_3: 79."""
    assert [decoder.paint.in_channels for decoder in on_paper(refinements=3).refinement] == [73, 76, 79]
    network, (picture, known) = small().eval(), inputs()
    before = network(picture, known)
    network.recovery[-1].blend.bias.data += 1
    assert all(not torch.equal(a, b) for a, b in zip(before, network(picture, known), strict=True))


def test_point_wise_normalisation_makes_a_cascade():
    """A change in F_1's maps that its picture hides reaches out_2 through PN, and not with BN."""
    for norm, reaches in (("pn", True), ("bn", False)):
        network, (picture, known) = small(norm=norm).eval(), inputs()
        network.refinement[0].paint.weight.data[:, :8] = 0
        before = network(picture, known)[2]
        network.refinement[0].blocks[-1].upsample.bias.data += 1
        assert torch.equal(network(picture, known)[2], before) is not reaches


@pytest.mark.parametrize("norm", ["pn", "bn"])
def test_whole_network_equals_the_unfold_form(norm):
    """Pictures and the gradient of every parameter, float64, BatchNorm in training."""
    network, (picture, known) = small(norm=norm).double(), inputs(dtype=torch.double)

    def run():
        pictures = network(picture, known)
        return pictures, torch.autograd.grad(sum(p.square().mean() for p in pictures), list(network.parameters()))

    ours, our_gradients = run()
    use_unfold(network)
    definition, gradients = run()
    torch.testing.assert_close(ours, definition, rtol=0, atol=1e-10)
    torch.testing.assert_close(our_gradients, gradients, rtol=0, atol=1e-10)


def test_grey():
    assert small(channels=1)(*inputs(channels=1))[-1].shape == (2, 1, 16, 16)


def test_normal_init():
    network = small(init="normal_0.01", width=8)
    values = torch.cat([p.flatten() for name, p in network.named_parameters() if "recovery" not in name])
    assert values.std().item() == pytest.approx(0.01, rel=0.02)
    assert values.mean().item() == pytest.approx(0, abs=1e-4)
    norm = network.recovery[0].norm
    assert torch.equal(norm.weight, torch.ones_like(norm.weight))
    assert torch.equal(norm.bias, torch.zeros_like(norm.bias))
    assert network.recovery[0].blend.bias.abs().max() > 0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"encoder": "conv"}, r"model.encoder: expected madf \| gconv \| pconv, got 'conv'"),
        ({"enc_channels": "paper"}, r"model.enc_channels: expected code \| formula"),
        ({"norm": "in"}, r"model.norm: expected pn \| bn"),
        ({"init": "normal"}, r"model.init: expected default \| normal_0.01"),
        ({"refinements": 4}, "refinements 0 to 3.*refinements=4"),
        ({"levels": 1}, "levels 2 to 16.*levels=1"),
        ({"width": 0}, "width=0"),
        ({"mask_channels": 0}, "mask_channels=0"),
        ({"channels": 2}, "1 or 3 channels.*channels=2"),
    ],
)
def test_refuses(argument, message):
    with pytest.raises(UserError, match=message):
        small(**argument)


def test_refuses_a_size_it_cannot_halve():
    picture, known = inputs(size=20)
    with pytest.raises(UserError, match="size 20x20: the network needs sides that are multiples of 8"):
        small()(picture, known)
