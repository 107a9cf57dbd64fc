import pytest
import torch
from benchmarks.latent_seam import read, seam

from tests.models.contract import square_holes


def test_a_ramp_has_no_seam_and_a_step_has_its_height():
    known = square_holes(2, 16)
    ramp = torch.linspace(0, 0.8, 16).expand(2, 3, 16, 16)
    assert seam(ramp, known) == pytest.approx(0, abs=1e-4)
    # a step of 0.1 over a flat neighbourhood, on every line that crosses the edge
    assert seam(ramp + 0.1 * (1 - known), known) == pytest.approx(25.5, rel=1e-4)


def test_what_lies_far_from_the_edge_does_not_count():
    picture, known = torch.zeros(1, 1, 16, 16), square_holes(1, 16)
    picture[..., 7:9, 7:9] = 1
    picture[..., 0] = 1
    assert seam(picture, known) == 0


def test_read(tmp_path):
    from PIL import Image

    for number in range(3):
        Image.new("RGB", (40, 30), (255, 0, 51 * number)).save(tmp_path / f"{number}.png")
    pictures = read(tmp_path, 16, 3, 2)
    assert pictures.shape == (2, 3, 16, 16)
    assert torch.equal(pictures[1, :, 5, 5], torch.tensor([1, 0, 0.2]))
    assert read(tmp_path, 16, 1, 3).shape == (3, 1, 16, 16)
