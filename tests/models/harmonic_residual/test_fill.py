import pytest
import torch

from inpaintlab.models.harmonic_residual.fill import harmonic_fill


def ramp(height, width):
    rows, columns = torch.meshgrid(torch.linspace(0.2, 0.8, height), torch.linspace(0.1, 0.5, width), indexing="ij")
    return torch.stack([rows, columns, (rows + columns) / 2])[None]


def with_hole(height, width, border=4):
    known = torch.ones(1, 1, height, width)
    known[..., border:-border, border:-border] = 0
    return known


@pytest.mark.parametrize("size", [(32, 32), (33, 21), (16, 40), (9, 9)])
def test_many_sweeps_restore_a_ramp(size):
    """A ramp is harmonic, so it is the exact solution inside of a frame of known pixels."""
    picture, known = ramp(*size), with_hole(*size)
    filled = harmonic_fill(picture * known, known, sweeps=300)
    torch.testing.assert_close(filled, picture, atol=2e-3, rtol=0)


def test_few_sweeps_are_near_the_solution():
    picture, known = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)), with_hole(32, 32, 8)
    solution = harmonic_fill(picture * known, known, sweeps=2000)
    errors = [(harmonic_fill(picture * known, known, sweeps) - solution).abs().max() for sweeps in (2, 8, 30)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.1  # of rims that differ by up to 1


def test_the_solution_is_the_mean_of_its_neighbours():
    picture, known = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0)), with_hole(16, 16)
    filled = harmonic_fill(picture * known, known, sweeps=500)[0, 0]
    inner = (filled[4:12, 3:11] + filled[4:12, 5:13] + filled[3:11, 4:12] + filled[5:13, 4:12]) / 4
    torch.testing.assert_close(filled[4:12, 4:12], inner, atol=1e-5, rtol=0)


def test_known_pixels_stay_and_the_hole_is_not_read():
    picture, known = torch.rand(2, 3, 20, 24), with_hole(20, 24).expand(2, -1, -1, -1)
    filled = harmonic_fill(picture * known, known, sweeps=4)
    assert torch.equal(filled * known, picture * known)
    assert torch.equal(filled, harmonic_fill(torch.where(known > 0, picture, 0.9), known, sweeps=4))
    poisoned = torch.where(known > 0, picture, torch.nan)
    assert torch.equal(filled, harmonic_fill(poisoned, known, sweeps=4))


def test_where_nothing_is_known_it_is_mid_grey():
    assert torch.equal(
        harmonic_fill(torch.rand(1, 3, 12, 12), torch.zeros(1, 1, 12, 12), 4), torch.full((1, 3, 12, 12), 0.5)
    )


def test_values_stay_between_those_at_the_rim():
    picture, known = torch.rand(1, 3, 64, 64) * 0.4 + 0.3, with_hole(64, 64, 6)
    filled = harmonic_fill(picture * known, known, sweeps=8)
    assert filled.min() >= picture[known.expand_as(picture) > 0].min()
    assert filled.max() <= picture[known.expand_as(picture) > 0].max() + 1e-6
