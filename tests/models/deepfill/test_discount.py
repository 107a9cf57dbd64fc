import pytest
import torch

from inpaintlab.models.deepfill.discount import discount, discounted_l1


def test_weights_of_the_authors_code():
    """128 px. The first row is the border, the last one is a pixel away from it."""
    nine = discount(128, 0.9)
    assert nine.mean().item() == pytest.approx(0.252921, abs=1e-6)
    assert nine[64, 64].item() == pytest.approx(0.9**64)
    assert nine[10, 20].item() == pytest.approx(0.9**10)
    assert nine[0, 64].item() == 1
    assert nine[127, 64].item() == pytest.approx(0.9)
    assert discount(128, 0.99).mean().item() == pytest.approx(0.816087, abs=1e-6)
    assert discount(128, 0.99)[64, 64].item() == pytest.approx(0.525596, abs=1e-6)
    assert torch.equal(discount(16, 1.0), torch.ones(16, 16))


def test_loss_by_hand():
    """4 px, gamma 1/2: rows and columns weigh 1, 1/2, 1/4, 1/2, the larger one counts."""
    prediction, truth = torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    prediction[0, 0, 2, 2] = 3
    truth[1, 0, 2, 3] = 2
    expected = (3 * 0.25 + 2 * 0.5) / 32
    assert discounted_l1(prediction, truth, 0.5).item() == pytest.approx(expected)
