import pytest
import torch

from inpaintlab.errors import UserError
from inpaintlab.metrics.fid import frechet_distance


def test_a_file_that_is_no_inception_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"no Inception weights at .*other\.pth.*metrics\.fid_weights=<file>"):
        frechet_distance(64, str(path))
