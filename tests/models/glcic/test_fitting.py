import pytest
import torch

from inpaintlab.models.glcic import fitting


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), (256, 256)),
        ((255, 257), (256, 256)),
        ((253, 250), (252, 248)),  # 62.5 rounds to the even 62
        ((1200, 800), (600, 400)),
        ((90, 1000), (56, 600)),  # 90 x 0.6 = 54, 13.5 x 4
        ((1, 3), (4, 4)),
    ],
)
def test_sizes(size, expected):
    assert fitting.fitted(*size) == expected


class Network:
    def __call__(self, corrupted, known):
        self.corrupted, self.known = corrupted, known
        return corrupted


def holed(height, width):
    known = torch.ones(1, 1, height, width)
    known[..., 4:9, 5:12] = 0
    return known


def test_a_size_that_fits_goes_through_untouched():
    network, picture = Network(), torch.rand(1, 3, 16, 20)
    assert torch.equal(fitting.through(network, picture, holed(16, 20)), picture)
    assert torch.equal(network.known, holed(16, 20))


def test_another_size_is_resized_and_back():
    network = Network()
    output = fitting.through(network, torch.full((1, 3, 17, 22), 0.3), holed(17, 22))
    assert network.corrupted.shape == (1, 3, 16, 24)  # 22 / 4 = 5.5, to the even 6
    assert output.shape == (1, 3, 17, 22)
    assert set(network.known.unique().tolist()) == {0.0, 1.0}


def test_what_lies_under_the_hole_reaches_no_pixel():
    """A grey picture stays grey to the hole's rim, whatever stands in the hole."""
    known = holed(17, 22)
    seen = []
    for under in (0.0, 1.0, torch.nan):
        network = Network()
        picture = torch.where(known > 0, torch.tensor(0.3), torch.tensor(under)).expand(1, 3, -1, -1)
        fitting.through(network, picture, known)
        seen.append(network.corrupted)
    rim = seen[0][network.known.expand_as(seen[0]) > 0]
    torch.testing.assert_close(rim, torch.full_like(rim, 0.3))
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


def test_a_pixel_is_hole_from_a_fifth_on():
    """Three pixels to four: output i lies at 0.75 i - 0.125; pixel 1 takes 37.5 % of hole pixel 0, pixel 2 none."""
    network, known = Network(), torch.ones(1, 1, 4, 3)
    known[..., 0] = 0
    fitting.through(network, torch.rand(1, 3, 4, 3), known)
    assert network.known[0, 0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
