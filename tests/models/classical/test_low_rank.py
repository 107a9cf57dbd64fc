import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from inpaintlab.models.classical import LowRank
from inpaintlab.models.classical.low_rank import shrink


def low_rank_picture(height, width, rank=2, seed=0):
    """Values in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.rand(3, *size, generator=generator).double() for size in ((height, rank), (rank, width)))
    return (left @ right / rank)[None]


@pytest.mark.parametrize(("height", "width"), [(40, 40), (30, 50), (50, 30)])
def test_a_picture_of_rank_two_is_recovered(height, width):
    image = low_rank_picture(height, width)
    known = (torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(1)) > 0.3).double()
    filled = LowRank(tolerance=1e-7).inpaint(image * known, known)
    torch.testing.assert_close(filled, image, atol=1e-5, rtol=0)
    coarse = LowRank().inpaint(image * known, known)
    torch.testing.assert_close(coarse, image, atol=5e-3, rtol=0)  # by the default tolerance of 1e-4 of the norm


def test_shrink_is_the_singular_value_threshold():
    for shape in ((7, 11), (11, 7)):
        matrix = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        u, values, v = np.linalg.svd(matrix.numpy(), full_matrices=False)
        expected = (u * np.maximum(values - 2.0, 0)) @ v
        np.testing.assert_allclose(shrink(matrix, torch.tensor(2.0)).numpy(), expected, atol=1e-12)
    assert not shrink(torch.zeros(3, 4).double(), torch.tensor(0.0)).any()


def test_no_direction_lowers_the_norm():
    """Against scipy on the smoothed norm, sum of sqrt(singular value^2 + e)."""
    image = torch.rand(8, 8, generator=torch.Generator().manual_seed(3)).double().numpy()
    known = (torch.rand(8, 8, generator=torch.Generator().manual_seed(4)) > 0.3).double().numpy()
    hole = known == 0
    x = image * known
    for smoothing in (1e-2, 1e-4, 1e-6, 1e-8):

        def objective(values, smoothing=smoothing):
            full = x.copy()
            full[hole] = values
            u, s, v = np.linalg.svd(full)
            length = np.sqrt(s**2 + smoothing)
            return length.sum(), ((u * (s / length)) @ v)[hole]

        x[hole] = minimize(objective, x[hole], jac=True, method="L-BFGS-B", options={"maxiter": 3000}).x
    assert x.min() >= 0  # else the cut to [0, 1] would matter
    filled = LowRank(tolerance=1e-8).inpaint(*(torch.tensor(part)[None, None] for part in (image * known, known)))
    mine = np.linalg.norm(filled[0, 0].numpy(), "nuc")
    assert mine == pytest.approx(np.linalg.norm(x, "nuc"), abs=1e-4)
    assert mine < np.linalg.norm(x, "nuc") + 1e-6


def test_a_row_of_which_nothing_is_known_is_black():
    image = low_rank_picture(12, 12) + 0.1
    known = torch.ones(1, 1, 12, 12).double()
    known[..., 4, :] = 0
    assert LowRank().inpaint(image * known, known)[..., 4, :].abs().max() < 1e-3


def test_the_number_of_iterations_is_bounded():
    image = low_rank_picture(20, 20)
    known = (torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(1)) > 0.5).double()
    one = LowRank(max_iterations=1).inpaint(image * known, known)
    assert (one - image).abs().max() > 0.1
