import copy

import pytest
import torch

from inpaintlab.models.dcgan.folding import frozen
from tests.models.dcgan.networks import LATENT, SIZE, lively


@pytest.mark.parametrize("which", [0, 1])
def test_equals_the_network_in_evaluation(which):
    network = lively()[which]
    before = copy.deepcopy(network.state_dict())
    x = torch.rand(3, LATENT, dtype=torch.float64) if which == 0 else torch.rand(3, 3, SIZE, SIZE, dtype=torch.float64)
    folded = frozen(network)
    torch.testing.assert_close(folded(x), copy.deepcopy(network).eval()(x), rtol=0, atol=1e-12)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_also_of_a_network_that_sits_out_its_turn():
    generator, _ = lively()
    generator.requires_grad_(False)
    z = torch.rand(2, LATENT, dtype=torch.float64, requires_grad=True)
    frozen(generator)(z).sum().backward()
    assert z.grad.any()
