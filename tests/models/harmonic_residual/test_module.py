import pytest
import torch

from inpaintlab.batch import Batch
from inpaintlab.models.harmonic_residual import HarmonicResidual
from inpaintlab.models.harmonic_residual.fill import harmonic_fill
from inpaintlab.models.padding import inpaint_any_size
from tests.models.contract import Contract, square_holes

SMALL = {"widths": [8, 8], "blocks": [1, 1]}


class TestContract(Contract):
    paper = "harmonic_residual"

    def make(self):
        return HarmonicResidual(**SMALL, warmup=10, iterations=200)

    @pytest.fixture
    def batch(self):
        """Stripes, which no smooth fill continues."""
        columns = torch.arange(self.size).expand(self.batch_size, self.channels, self.size, -1)
        return Batch(0.5 + 0.3 * torch.sin(columns * 0.8), square_holes(self.batch_size, self.size))

    def test_learns_one_batch(self, model, batch, tmp_path):
        """The sum of the losses has a logarithm in it and is negative here, so that no share of it says anything."""
        before = self.total(model, batch)
        self.trainer(tmp_path, max_steps=self.steps).fit(model, self.loader(batch, self.steps))
        assert int(model.iteration) == self.steps
        assert self.total(model, batch) < before - 2  # more than a factor e in the squared error, or all of SSIM


def test_the_untrained_network_gives_the_harmonic_fill():
    torch.manual_seed(0)
    model = HarmonicResidual(**SMALL)
    picture, known = torch.rand(1, 3, 32, 32), (torch.rand(1, 1, 32, 32) > 0.4).float()
    smooth = harmonic_fill(picture * known, known, 8)
    assert (model.inpaint(picture * known, known) - smooth).abs().max() < 0.02


def test_brightness_and_tint_go_through():
    """A picture that is brighter everywhere is filled brighter by as much."""
    torch.manual_seed(0)
    model = HarmonicResidual(**SMALL)
    picture, known = torch.rand(1, 3, 32, 32) * 0.5, (torch.rand(1, 1, 32, 32) > 0.4).float()
    tint = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    plain = model.predict_unclamped(picture * known, known)
    torch.testing.assert_close(
        model.predict_unclamped((picture + tint) * known, known), plain + tint, atol=1e-4, rtol=0
    )


def test_any_size_by_padding():
    model = HarmonicResidual(**SMALL)
    picture, known = torch.rand(1, 3, 21, 34), (torch.rand(1, 1, 21, 34) > 0.4).float()
    assert inpaint_any_size(model, picture * known, known).shape == picture.shape


@pytest.mark.parametrize(("iteration", "rate"), [(0, 0.1), (4, 0.5), (9, 1.0), (60, 1.0), (80, 0.5), (100, 0.0)])
def test_the_rate_goes_up_level_and_down(iteration, rate):
    model = HarmonicResidual(**SMALL, lr=1.0, warmup=10, cooldown=0.4, iterations=100)
    assert model.rate_at(iteration) == pytest.approx(rate)
