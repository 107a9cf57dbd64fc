import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize

from inpaintlab.models.classical import TotalVariation
from inpaintlab.models.classical.total_variation import add_gradient_, adjoint, duality_gap, total_variation


def numpy_tv(x, smoothing=0.0):
    """TV of (H, W), and its gradient where smoothing makes one."""
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:-1], right[:, :-1] = np.diff(x, axis=0), np.diff(x, axis=1)
    length = np.sqrt(down**2 + right**2 + smoothing)
    if not smoothing:
        return length.sum()
    down, right = down / length, right / length
    slope = -down - right
    slope[1:] += down[:-1]
    slope[:, 1:] += right[:, :-1]
    return length.sum(), slope


def least_by_scipy(image, known):
    """Minimise a slightly smoothed TV over the hole of (H, W): its least value, an upper bound of the true one."""
    hole = known == 0
    x = np.where(hole, image[known > 0].mean(), image)
    for smoothing in (1e-3, 1e-5, 1e-7, 1e-9, 1e-11):

        def objective(values, smoothing=smoothing):
            full = x.copy()
            full[hole] = values
            value, slope = numpy_tv(full, smoothing)
            return value, slope[hole]

        x[hole] = minimize(objective, x[hole], jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15}).x
    return numpy_tv(x)


def test_the_edge_of_a_step_is_continued():
    """Every row must climb from 0.2 to 0.9, and any slant of the edge costs more: the straight edge alone is best.

    A slant of d costs only about d^2, so the gap must be tiny.
    """
    image = torch.full((1, 1, 24, 24), 0.2, dtype=torch.float64)
    image[..., 11:] = 0.9
    known = torch.ones_like(image)
    known[..., 7:17, 6:18] = 0
    for x in (image, image.mT, 1 - image):
        filled = TotalVariation(tolerance=1e-10).inpaint(x * known, known)
        torch.testing.assert_close(filled, x, atol=1e-3, rtol=0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_least_value_is_scipys(seed):
    random = np.random.default_rng(seed)
    image = random.random((8, 8))
    known = (random.random((8, 8)) < 0.5).astype(float)
    filled = TotalVariation(tolerance=1e-7).inpaint(*(torch.tensor(x)[None, None] for x in (image * known, known)))
    mine, reference = numpy_tv(filled[0, 0].numpy()), least_by_scipy(image, known)
    assert mine == pytest.approx(reference, abs=1e-4)
    assert mine < reference + 1e-6


def test_along_one_row_it_is_a_linear_program():
    """In a picture one pixel high TV is the sum of |x[i+1] - x[i]|."""
    random = np.random.default_rng(0)
    image, known = random.random(12), np.array([1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0])
    difference = np.diff(np.eye(12), axis=0)
    one = np.eye(11)
    answer = linprog(
        np.r_[np.zeros(12), np.ones(11)],
        A_ub=np.block([[difference, -one], [-difference, -one]]),
        b_ub=np.zeros(22),
        bounds=[(v, v) if k else (0, 1) for v, k in zip(image, known, strict=True)] + [(0, None)] * 11,
    )
    filled = TotalVariation(tolerance=1e-7).inpaint(
        *(torch.tensor(x).double().view(1, 1, 1, 12) for x in (image * known, known))
    )
    assert float(total_variation(filled)) == pytest.approx(answer.fun, abs=1e-5)


def test_adjoint_gradient_and_value():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, 7, 5, generator=generator, dtype=torch.float64)
    dual = torch.rand(2, 2, 3, 7, 5, generator=generator, dtype=torch.float64)
    dual[0, ..., -1, :] = dual[1, ..., -1] = 0
    gradient = add_gradient_(torch.zeros_like(dual), x, 1)
    torch.testing.assert_close((gradient * dual).sum(), (x * adjoint(dual)).sum())
    expected = [sum(numpy_tv(channel.numpy()) for channel in picture) for picture in x]
    torch.testing.assert_close(total_variation(x), torch.tensor(expected))


def test_the_gap_bounds_every_picture_with_these_known_pixels():
    generator = torch.Generator().manual_seed(0)
    x, other = torch.rand(2, 1, 2, 9, 9, generator=generator, dtype=torch.float64)
    known = torch.rand(1, 1, 9, 9, generator=generator) > 0.5
    dual = torch.nn.functional.normalize(torch.randn(2, 1, 2, 9, 9, generator=generator, dtype=torch.float64), dim=0)
    dual[0, ..., -1, :] = dual[1, ..., -1] = 0
    low, high = torch.zeros(1, 2, 1, 1).double(), torch.ones(1, 2, 1, 1).double()
    gap = duality_gap(x, dual, known, low, high)
    assert gap >= total_variation(x) - total_variation(torch.where(known, x, other))
    assert gap >= total_variation(x) - total_variation(TotalVariation(tolerance=1e-6).inpaint(x, known.double()))


def test_it_stops_by_the_gap_and_not_before():
    image = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    known = (torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1)) > 0.6).double()
    least = total_variation(TotalVariation(tolerance=1e-8).inpaint(image * known, known))
    for tolerance in (1e-2, 1e-3, 1e-4):
        excess = total_variation(TotalVariation(tolerance=tolerance).inpaint(image * known, known)) - least
        assert excess <= tolerance * (1 - known).sum()
    few = total_variation(TotalVariation(max_iterations=5).inpaint(image * known, known)) - least
    assert few > 1e-2


def test_channels_are_filled_apart():
    image = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    known = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    known[..., 3:8, 4:9] = 0
    model = TotalVariation(tolerance=1e-6)
    apart = torch.cat([model.inpaint(image[:, i : i + 1] * known, known) for i in range(3)], 1)
    torch.testing.assert_close(model.inpaint(image * known, known), apart, atol=2e-3, rtol=0)
