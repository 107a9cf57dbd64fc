import pytest
import torch

from inpaintlab.models.lama import dft

SIZES = [(32, 32), (64, 40), (15, 17), (33, 48), (2, 2), (1, 1), (5, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_products_of_matrices_are_the_fft(size):
    """Forward of a picture; back from a spectrum at random, which is that of no real picture."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, *size)
    for ours, theirs in zip(dft.forward(x, "matmul"), dft.forward(x, "fft"), strict=True):
        assert ours.shape == theirs.shape
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-6)
    real, imag = torch.randn(2, 2, 3, size[0], size[1] // 2 + 1)
    ours, theirs = (dft.inverse(real, imag, size[1], transform) for transform in ("matmul", "fft"))
    assert ours.shape == theirs.shape == x.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-6)


@pytest.mark.parametrize("size", SIZES)
def test_in_float64_they_agree_to_twelve_digits(size):
    torch.manual_seed(0)
    real, imag = torch.randn(2, 2, 3, size[0], size[1] // 2 + 1, dtype=torch.float64)
    ours, theirs = (dft.inverse(real, imag, size[1], transform) for transform in ("matmul", "fft"))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("transform", ["fft", "matmul"])
def test_there_and_back(transform):
    x = torch.rand(1, 2, 6, 9, dtype=torch.float64)
    torch.testing.assert_close(dft.inverse(*dft.forward(x, transform), 9, transform), x)


@pytest.mark.parametrize("transform", ["fft", "matmul"])
def test_a_constant_is_all_in_the_first_value(transform):
    """Golden: 0.5 at 4 x 6 pixels is sqrt(24) / 2 there, and nothing elsewhere."""
    real, imag = dft.forward(torch.full((1, 1, 4, 6), 0.5, dtype=torch.float64), transform)
    expected = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    expected[..., 0, 0] = 24**0.5 / 2
    torch.testing.assert_close(real, expected)
    torch.testing.assert_close(imag, torch.zeros_like(expected))


def test_gradients_of_the_products():
    torch.manual_seed(0)
    x = torch.rand(1, 1, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: dft.inverse(*dft.forward(x, "matmul"), 4, "matmul").square(), x)
    spectrum = torch.rand(2, 1, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: dft.inverse(*s, 5, "matmul"), spectrum)
