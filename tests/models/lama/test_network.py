import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.evaluation.complexity import multiply_adds
from inpaintlab.models.lama import LaMa, official
from inpaintlab.models.lama.discriminator import Discriminator
from inpaintlab.models.lama.network import Generator
from tests.models.lama.official_names import (
    discriminator_shapes,
    filled,
    generator_shapes,
    picture_and_known,
    points,
)


def on_paper(network, **arguments):
    with torch.device("meta"):
        return network(**arguments)


def size_of(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("arguments", "parameters", "entries"),
    [
        ({}, 50_975_875, 989),
        ({"blocks": 9}, 27_048_835, 521),
        ({"blocks": 9, "convolution": "regular"}, 45_617_731, None),
        ({"blocks": 15, "convolution": "regular"}, 73_947_715, None),
        ({"width": 32, "blocks": 6}, 4_781_123, None),
    ],
    ids=["big", "fourier", "regular", "deep regular", "compact"],
)
def test_parameters(arguments, parameters, entries):
    network = on_paper(Generator, **arguments)
    assert size_of(network) == parameters
    assert entries is None or len(network.state_dict()) == entries


def test_parameters_of_the_discriminator_and_its_grid():
    network = on_paper(Discriminator)
    assert size_of(network) == 6_962_369
    logits, features = network(torch.empty(1, 3, 256, 256, device="meta"))
    assert logits.shape == (1, 1, 19, 19)
    assert [tuple(maps.shape[1:]) for maps in features] == [
        (64, 129, 129), (128, 65, 65), (256, 33, 33), (512, 17, 17), (512, 18, 18)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("blocks", "expected"), [(9, 31.9), (18, 55.1)])
def test_multiply_adds_at_256_px(blocks, expected):
    """In G, to the digit that the sheet gives; the Fourier transform is not counted."""
    model = LaMa(blocks=blocks, d_width=1).eval()
    batch = Batch(torch.rand(1, 3, 256, 256), torch.ones(1, 1, 256, 256))
    assert multiply_adds(model, batch) / 1e9 == pytest.approx(expected, abs=0.05)


def from_formula(blocks):
    generator = Generator(blocks=blocks).double().eval()
    discriminator = Discriminator().double().eval()
    official.load(generator, discriminator, filled(generator_shapes(blocks)))
    return generator


GOLDEN = {
    9: [0.51632849, 0.01223594, 0.53110068, 0.51564408, 0.51471601],
    18: [0.51647389, 0.01001414, 0.52722705, 0.51387463, 0.51542456],
}


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("blocks", "transform"),
    [(9, "fft"), pytest.param(9, "matmul", marks=SLOW), pytest.param(18, "fft", marks=SLOW)],
)
@torch.no_grad()
def test_golden_outputs(blocks, transform):
    """The sheet's fixture: weights by formula through the authors' names, 64 px, float64."""
    generator = from_formula(blocks)
    generator.use_transform(transform)
    image, known = picture_and_known()
    assert points(generator(image * known, known)) == pytest.approx(GOLDEN[blocks], abs=1e-6)


@torch.no_grad()
def test_golden_maps_on_the_way():
    """Behind the encoder and behind the first block, which needs no more than one block."""
    generator = from_formula(1)
    image, known = picture_and_known()
    maps = generator.encode(image * known, known)
    mean, deviation, *_, last = points(maps.near)
    assert (mean, deviation, last) == pytest.approx((0.04813431, 0.05687810, 0.11396156), abs=1e-6)
    mean, deviation, *_, last = points(maps.far)
    assert (mean, deviation, last) == pytest.approx((0.04723972, 0.05645459, 0.08854272), abs=1e-6)
    maps = generator.body[0](maps)
    mean, deviation, *_, last = points(maps.near)
    assert (mean, deviation, last) == pytest.approx((0.09984066, 0.11585881, 0.32000258), abs=1e-6)
    mean, deviation, first, *_ = points(maps.far)
    assert (mean, deviation, first) == pytest.approx((0.24657253, 0.25773852, 0.21400815), abs=1e-6)


@torch.no_grad()
def test_golden_outputs_of_the_discriminator():
    network = Discriminator().double().eval()
    state = {f"discriminator.{name}": value for name, value in filled(discriminator_shapes()).items()}
    names = dict(official.discriminator_parts(network))
    for name, ours in names.items():
        ours.copy_(state[f"discriminator.{name}"])
    logits, features = network(picture_and_known()[0])
    mean, deviation, first, _, last = points(logits)
    expected = (0.30471870, 0.49418885, -0.53572457, 0.40332613)
    assert (mean, deviation, first, last) == pytest.approx(expected, abs=1e-6)
    means = [maps.mean().item() for maps in features]
    assert means == pytest.approx([0.096764, 0.062789, 0.125459, 0.190529, 0.211321], abs=1e-6)


@pytest.mark.parametrize("convolution", ["fourier", "regular"])
def test_what_lies_under_the_hole_changes_no_bit(convolution):
    torch.manual_seed(0)
    network = Generator(width=4, blocks=1, convolution=convolution).eval()
    batch = Batch(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32))
    batch.known[..., 8:20, 4:30] = 0
    expected = network(batch.corrupted, batch.known)
    for under in (torch.rand(3, 32, 32), torch.tensor(float("nan"))):
        assert torch.equal(network(torch.where(batch.known > 0, batch.image, under), batch.known), expected)


@pytest.mark.parametrize(("convolution", "seen"), [("fourier", 1.0), ("regular", 0.5)])
def test_one_block_sees_the_whole_picture_only_with_fourier_units(convolution, seen):
    torch.manual_seed(0)
    network = Generator(width=4, blocks=1, convolution=convolution).double().eval()
    image, known = torch.rand(1, 3, 128, 128).double(), torch.ones(1, 1, 128, 128).double()
    image.requires_grad_()
    network(image, known)[0, 0, 4, 4].backward()
    share = (image.grad != 0).any(1).double().mean()
    assert share == 1 if seen == 1 else share < seen


@pytest.mark.parametrize("size", [(16, 16), (24, 40)])
def test_grey_and_other_sizes(size):
    network = Generator(channels=1, width=4, blocks=1).eval()
    assert network(torch.rand(2, 1, *size), torch.ones(2, 1, *size)).shape == (2, 1, *size)


@pytest.mark.slow
def test_the_export_form_has_no_fourier_operator_and_says_the_same():
    """Traced for export, with the picture's size left open."""
    torch.manual_seed(0)
    network = Generator(width=4, blocks=1, transform="matmul").eval()
    image, known = torch.rand(1, 3, 32, 48), (torch.rand(1, 1, 32, 48) > 0.3).float()
    sides = {2: 8 * torch.export.Dim("height", min=2, max=64), 3: 8 * torch.export.Dim("width", min=2, max=64)}
    program = torch.export.export(network, (image, known), dynamic_shapes=(sides, sides))
    assert not [node for node in program.graph.nodes if "fft" in str(node.target) or "complex" in str(node.target)]
    network.use_transform("fft")
    with torch.no_grad():
        torch.testing.assert_close(program.module()(image, known), network(image, known), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"convolution": "dilated"}, r"model.convolution: expected fourier \| regular, got 'dilated'"),
        ({"transform": "dct"}, r"model.transform: expected fft \| matmul, got 'dct'"),
        ({"blocks": 0}, "expected width, downs and blocks of at least 1"),
        ({"channels": 4}, "1 or 3 channels, got .*channels=4"),
        ({"global_share": 1.0}, "model.global_share=1.0: leaves 512 of 512 channels global"),
        ({"global_share": 0.001}, "model.global_share=0.001: leaves 0 of 512 channels global"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        on_paper(Generator, **arguments)


def test_refuses_sizes():
    network = on_paper(Generator, width=4, blocks=1)
    for size in ((36, 32), (8, 32)):
        with pytest.raises(UserError, match=f"size {size[0]}x32: the network needs sides .* multiples of 8, at least"):
            network(torch.empty(1, 3, *size, device="meta"), torch.empty(1, 1, *size, device="meta"))
    with pytest.raises(UserError, match="d_width and d_layers of at least 1, got 0 and 4"):
        Discriminator(width=0)
