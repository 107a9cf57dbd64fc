import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.poisson import poisson_blend


def dense(background, known, source):
    """The least squares of eq. 6 pair by pair, each pair of neighbours once, as a dense system: (H, W)."""
    height, width = known.shape
    hole = [(i, j) for i in range(height) for j in range(width) if not known[i, j]]
    number = {pixel: k for k, pixel in enumerate(hole)}
    rows, right = [], []
    for i in range(height):
        for j in range(width):
            for other in ((i + 1, j), (i, j + 1)):
                if other[0] >= height or other[1] >= width or (known[i, j] and known[other]):
                    continue
                row, value = np.zeros(len(hole)), source[i, j] - source[other]
                for pixel, sign in (((i, j), 1), (other, -1)):
                    if pixel in number:
                        row[number[pixel]] = sign
                    else:
                        value -= sign * background[pixel]
                rows.append(row)
                right.append(value)
    solution = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    blended = background.copy()
    for pixel, k in number.items():
        blended[pixel] = solution[k]
    return blended


def pictures(count, height, width, share, seed):
    generator = torch.Generator().manual_seed(seed)
    background, source = torch.rand(2, count, 3, height, width, generator=generator, dtype=torch.float64)
    known = (torch.rand(count, 1, height, width, generator=generator) > share).double()
    known[:, :, 1, 1] = 1
    return background, known, source


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(("height", "width"), [(7, 7), (5, 9), (2, 8)])
def test_equals_a_dense_solve(share, height, width):
    # random holes: at the border, in the corners, in pieces, of one pixel
    background, known, source = pictures(4, height, width, share, seed=height)
    blended = poisson_blend(background, known, source)
    for n in range(4):
        for c in range(3):
            expected = dense(background[n, c].numpy(), known[n, 0].numpy(), source[n, c].numpy())
            np.testing.assert_allclose(blended[n, c].numpy(), expected, rtol=0, atol=1e-8)


def test_a_hole_over_a_whole_side_equals_a_dense_solve():
    background, _, source = pictures(1, 6, 6, 0, seed=1)
    known = torch.ones(1, 1, 6, 6, dtype=torch.float64)
    known[..., :3] = 0
    expected = dense(background[0, 0].numpy(), known[0, 0].numpy(), source[0, 0].numpy())
    np.testing.assert_allclose(poisson_blend(background, known, source)[0, 0].numpy(), expected, rtol=0, atol=1e-8)


def test_golden_row():
    # Nothing but a row, known at its ends, 0 and 4, and a flat source: the least squares are a ramp, 1, 2, 3 between.
    background = torch.tensor([0.0, 9, 9, 9, 4], dtype=torch.float64).view(1, 1, 1, 5)
    known = torch.tensor([1.0, 0, 0, 0, 1], dtype=torch.float64).view(1, 1, 1, 5)
    blended = poisson_blend(background, known, torch.zeros_like(background))
    torch.testing.assert_close(blended.flatten(), torch.arange(5.0, dtype=torch.float64))


def test_a_ramp_goes_on_through_a_source_of_another_brightness():
    ramp = torch.linspace(0, 1, 16, dtype=torch.float64).expand(1, 2, 16, 16)
    known = torch.ones(1, 1, 16, 16, dtype=torch.float64)
    known[..., 4:12, :12] = 0
    blended = poisson_blend(ramp * known, known, ramp - 0.3)
    torch.testing.assert_close(blended, ramp, rtol=0, atol=1e-12)


def test_the_gradient_inside_the_hole_is_kept():
    # The known ring lies 0.2 above the source: a shift of the whole, which changes no gradient, meets it exactly.
    _, _, source = pictures(1, 12, 12, 0, seed=2)
    known = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    known[..., 3:9, 3:9] = 0
    blended = poisson_blend(source + 0.2, known, source)
    torch.testing.assert_close(blended[..., 3:9, 3:9].diff(dim=-1), source[..., 3:9, 3:9].diff(dim=-1))
    torch.testing.assert_close(blended, source + 0.2)


def test_divergence_of_the_source_is_kept_for_any_background():
    background, _, source = pictures(1, 12, 12, 0, seed=3)
    known = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    known[..., 3:9, 3:9] = 0
    stencil = torch.tensor([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=torch.float64).view(1, 1, 3, 3)

    def laplacian(x):
        return torch.nn.functional.conv2d(x.transpose(0, 1), stencil)[..., 2:8, 2:8]

    blended = poisson_blend(background, known, source)
    torch.testing.assert_close(laplacian(blended), laplacian(source), rtol=0, atol=1e-10)


def test_known_pixels_stay_bit_by_bit_and_the_hole_of_the_background_is_not_read():
    background, known, source = (x.float() for x in pictures(3, 8, 8, 0.5, seed=4))
    blended = poisson_blend(background, known, source)
    assert blended.dtype == torch.float32
    where = known.expand_as(background) > 0.5
    assert torch.equal(blended[where], background[where])
    poisoned = torch.where(known > 0.5, background, float("nan"))
    assert torch.equal(poisson_blend(poisoned, known, source), blended)


def test_a_batch_is_its_pictures():
    background, known, source = pictures(4, 8, 8, 0.5, seed=5)
    known[2] = known[0]
    together = poisson_blend(background, known, source)
    for n in range(4):
        part = slice(n, n + 1)
        torch.testing.assert_close(
            together[part], poisson_blend(background[part], known[part], source[part]), rtol=0, atol=1e-12
        )


def test_no_hole_changes_nothing():
    background, known, source = pictures(2, 8, 8, 0.5, seed=6)
    known[1] = 1
    assert torch.equal(poisson_blend(background, known, source)[1], background[1])


def test_nothing_known_is_refused():
    background, known, source = pictures(3, 8, 8, 0.5, seed=7)
    known[1] = 0
    with pytest.raises(UserError, match=r"picture 1 of the batch has no known pixel; set model.blend=none"):
        poisson_blend(background, known, source)
