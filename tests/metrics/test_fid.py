import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.distributions import fid
from inpaintlab.metrics.feature_networks import load_network
from inpaintlab.metrics.fid import frechet_distance
from inpaintlab.metrics.inception import Inception
from tests.metrics.random_weights import scatter


def test_the_fid_of_training_is_that_of_an_evaluation(tmp_path):
    path = tmp_path / "inception.pth"
    torch.save(scatter(Inception(64)).state_dict(), path)
    metric, network = frechet_distance(64, str(path)), load_network("inception2015", str(path), features=64)
    real, fake = torch.randint(0, 256, (2, 5, 3, 24, 24), dtype=torch.uint8)
    fake //= 2
    for part in (slice(0, 2), slice(2, 5)):
        metric.update(real[part], real=True)
        metric.update(fake[part], real=False)
    expected = fid(*(network(x)["features"].numpy() for x in (real, fake)))
    assert metric.compute().item() == pytest.approx(expected, rel=1e-3)


def test_a_file_that_is_no_inception_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"metrics\.fid_weights=.*other\.pth: not torch-fidelity's Inception weights"):
        frechet_distance(64, str(path))
