import torch

from inpaintlab.models.classical import Unchanged


def test_it_returns_what_it_is_given():
    corrupted = torch.rand(1, 3, 4, 4)
    assert torch.equal(Unchanged().inpaint(corrupted, torch.zeros(1, 1, 4, 4)), corrupted)
