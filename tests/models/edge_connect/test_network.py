import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.edge_connect.network import Discriminator, Generator, Generators, to_unit


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_parameters():
    """Counted from the authors' code."""
    generators, edges, pictures = Generators(3, 64, 8, spectral=True), Discriminator(2), Discriminator(3)
    assert parameters(generators.edge) == 10_761_089
    assert parameters(generators.image) == 10_774_595
    assert parameters(edges) == 2_762_752
    assert parameters(pictures) == 2_763_776
    buffers = sum(b.numel() for b in generators.edge.buffers())
    assert buffers == 50_963  # u and v
    assert len(generators.edge.state_dict()) == 70
    assert len(generators.image.state_dict()) == 44


@pytest.mark.slow
def test_multiply_adds():
    """At 256 px, as the sheet of the authors' code has them."""
    from inpaintlab.evaluation.complexity import Counter

    expected = {"edge": 48_066_723_840, "image": 48_683_286_528, "critic": 3_146_809_344}
    with torch.device("meta"):
        generators, critic = Generators(3, 64, 8, spectral=False), Discriminator(3, spectral=False)
        inputs = [torch.rand(1, channels, 256, 256) for channels in (3, 4, 3)]
    for (name, count), network, seen in zip(
        expected.items(), (generators.edge, generators.image, critic), inputs, strict=True
    ):
        with Counter() as counter:
            network(seen)
        assert counter.multiply_adds == count, name


@pytest.mark.parametrize("size", [(12, 12), (32, 24), (64, 16)])
def test_sizes(size):
    network = Generator(3, 1, torch.sigmoid, width=4, residual_blocks=1, spectral=True)
    drawn = network(torch.rand(2, 3, *size))
    assert drawn.shape == (2, 1, *size)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


@pytest.mark.parametrize("size", [(34, 32), (32, 30), (8, 32)])
def test_other_sizes_are_refused(size):
    network = Generator(3, 1, torch.sigmoid, width=4, residual_blocks=1)
    with pytest.raises(UserError, match=rf"size {size[0]}x{size[1]}: .* multiples of 4, and at least 12"):
        network(torch.rand(1, 3, *size))


def test_critic_has_five_maps_and_raw_logits():
    maps = Discriminator(3, width=4)(torch.rand(2, 3, 64, 64))
    assert [tuple(part.shape[1:]) for part in maps] == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (32, 7, 7), (1, 6, 6)]


def test_initial_weights_and_biases():
    """N(0, 0.02^2) before the spectral norm divides; biases 0, and none where the norm is on a block or a critic."""
    torch.manual_seed(0)
    generators, critic = Generators(3, 32, 2, spectral=True), Discriminator(2, 32)
    for network in (generators, critic):
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                assert not parameter.any()
            else:
                assert parameter.std().item() == pytest.approx(0.02, rel=0.15), name
    assert not any("bias" in name for name, _ in critic.named_parameters())
    assert generators.edge.middle[0].plain.bias is None
    assert generators.image.middle[0].plain.bias is not None
    assert generators.edge.encoder[0].bias is not None


def test_spectral_norm_is_where_it_should_be():
    """After some iterations every normalised kernel has the largest singular value 1."""
    torch.manual_seed(0)
    network = Generators(3, 8, 1, spectral=True)
    for _ in range(100):
        network.edge(torch.rand(1, 3, 16, 16))
    layers = {n: m for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)}
    for name, layer in layers.items():
        matrix = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
        largest = float(torch.linalg.matrix_norm(matrix.detach().flatten(1), 2))
        normed = name.startswith("edge") and name != "edge.out"
        assert (largest == pytest.approx(1, rel=0.05)) == normed, name


def test_without_spectral_norm_the_blocks_have_biases():
    network = Generator(3, 1, torch.sigmoid, width=4, residual_blocks=1)
    assert network.middle[0].dilated.bias is not None
    assert Discriminator(2, 4, spectral=False).convs[0].bias is not None


def test_biases_that_do_not_learn_have_no_effect():
    torch.manual_seed(0)
    network = Generator(4, 3, to_unit, width=4, residual_blocks=1).double()
    seen = torch.rand(1, 4, 16, 16, dtype=torch.float64)
    expected = network(seen)
    still = [p for p in network.parameters() if not p.requires_grad]
    assert len(still) == 7
    with torch.no_grad():
        for bias in still:
            bias.uniform_(-1, 1)
    torch.testing.assert_close(network(seen), expected)


def test_to_unit():
    torch.testing.assert_close(to_unit(torch.tensor([-20.0, 0.0, 20.0])), torch.tensor([0.0, 0.5, 1.0]))


def test_both_generators_are_compiled(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, **given: compiled.append(self))
    generators = Generators(3, 4, 1, spectral=True)
    generators.compile()
    assert compiled == [generators.edge, generators.image]


@pytest.mark.parametrize(("width", "blocks"), [(0, 8), (64, -1)])
def test_refuses(width, blocks):
    with pytest.raises(UserError, match=f"model.width={width}, model.residual_blocks={blocks}"):
        Generator(3, 1, torch.sigmoid, width, blocks)
