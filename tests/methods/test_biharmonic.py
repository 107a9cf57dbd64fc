import numpy as np
import torch
from scipy.ndimage import laplace

from inpaintlab.models.classical import Biharmonic


def clear_hole(height=24, width=28):
    """Two holes that keep 3 pixels off the border, so that the whole stencil fits."""
    known = torch.ones(1, 1, height, width, dtype=torch.float64)
    known[..., 6:14, 5:12] = known[..., 12:20, 16:22] = 0
    return known


def test_a_quadratic_is_restored():
    """The bilaplacian of a quadratic is 0, in discrete form too, and only one surface has these rims."""
    row, column = torch.meshgrid(*(torch.linspace(0, 1, side, dtype=torch.float64) for side in (24, 28)), indexing="ij")
    image = torch.stack([0.1 + 0.3 * row**2 + 0.4 * column, 0.2 * row * column + 0.5 * column**2, 0.9 - 0.8 * row])[
        None
    ]
    known = clear_hole()
    torch.testing.assert_close(Biharmonic().inpaint(image * known, known), image, atol=1e-10, rtol=0)


def test_the_bilaplacian_vanishes_in_the_hole():
    smooth = torch.nn.functional.interpolate(torch.rand(1, 1, 4, 4, dtype=torch.float64), (24, 28), mode="bicubic")
    image = smooth.clamp(0, 1) * 0.2 + 0.4
    image[..., 0, :2] = torch.tensor([0.0, 1.0])  # a wide range of known values, so that nothing is cut
    known = clear_hole()
    filled = Biharmonic().inpaint(image * known, known)[0, 0].numpy()
    assert np.abs(laplace(laplace(filled))[known[0, 0].numpy() == 0]).max() < 1e-9
    assert np.abs(laplace(laplace(image[0, 0].numpy()))[known[0, 0].numpy() == 0]).max() > 1e-4
