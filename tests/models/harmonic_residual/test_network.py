import pytest
import torch

from inpaintlab.models.harmonic_residual.network import Block, ResidualUNet


def test_a_block_begins_near_the_identity():
    torch.manual_seed(0)
    x = torch.randn(1, 8, 16, 16)
    assert (Block(8)(x) - x).std() < 0.3 * x.std()


@pytest.mark.parametrize("fold", [1, 2, 4])
def test_shapes_and_the_first_prediction(fold):
    torch.manual_seed(0)
    network = ResidualUNet(4, 3, fold, [4, 6, 8], [1, 1, 2])
    correction = network(torch.randn(2, 4, 16 * fold, 8 * fold))
    assert correction.shape == (2, 3, 16 * fold, 8 * fold)
    assert 0 < correction.abs().max() < 0.1


def test_the_receptive_field_spans_a_picture_of_256_pixels():
    """With the default depth a pixel at the centre feels every pixel up to 100 px away along the axis."""
    torch.manual_seed(0)
    network = ResidualUNet(1, 1, 2, [2] * 5, [1, 1, 1, 2, 3]).double()
    x = torch.randn(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, 128, 128].backward()
    assert (x.grad[0, 0, 128, 28:228].abs() > 0).all()
