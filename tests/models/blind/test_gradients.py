import numpy as np
import pytest
import torch

from inpaintlab.models.blind.gradients import OPERATORS, forward_differences, sobel


def ramp(height=5, width=7, right=2.0, down=-3.0):
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (right * columns + down * rows)[None, None].double()


def test_forward_differences_of_a_small_picture():
    picture = torch.tensor([[[[0.0, 1.0, 4.0], [2.0, 7.0, 7.0]]]])
    expected = torch.tensor([[[[1.0, 3.0, 0.0], [5.0, 0.0, 0.0]], [[2.0, 6.0, 3.0], [0.0, 0.0, 0.0]]]])
    assert torch.equal(forward_differences(picture), expected)


@pytest.mark.parametrize("operator", OPERATORS.values())
def test_a_ramp_has_its_slopes(operator):
    """Horizontal comes first; inside, both operators give brightness per pixel."""
    inner = operator(ramp())[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner, torch.tensor([2.0, -3.0]).double()[None, :, None, None].expand_as(inner))


@pytest.mark.parametrize("operator", OPERATORS.values())
@pytest.mark.parametrize("size", [(5, 7), (1, 4), (1, 1)])
def test_a_flat_picture_has_no_edges_not_even_at_the_border(operator, size):
    gradient = operator(torch.full((2, 1, *size), 0.7))
    assert gradient.shape == (2, 2, *size)
    assert gradient.abs().max() < 1e-6


def test_sobel_equals_a_loop():
    picture = torch.rand(1, 1, 5, 6).double()
    padded = np.pad(picture[0, 0].numpy(), 1, mode="edge")
    weights = np.array([1, 2, 1]) / 8
    for i in range(5):
        for j in range(6):
            window = padded[i : i + 3, j : j + 3]
            expected = weights @ (window[:, 2] - window[:, 0]), (window[2] - window[0]) @ weights
            assert sobel(picture)[0, :, i, j].numpy() == pytest.approx(expected)
