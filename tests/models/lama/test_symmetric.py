import numpy as np
import pytest
import torch

from inpaintlab.models.lama.symmetric import extend_symmetric


@pytest.mark.parametrize("size", [(16, 24), (17, 30), (9, 23), (50, 51)])
def test_is_numpys_symmetric_padding_on_the_right_and_below(size):
    x = torch.rand(2, 3, *size)
    missing = [max(16, -(-side // 8) * 8) - side for side in size]
    expected = np.pad(x.numpy(), [(0, 0), (0, 0), (0, missing[0]), (0, missing[1])], mode="symmetric")
    assert np.array_equal(extend_symmetric(x, 8).numpy(), expected)


def test_sides_shorter_than_what_is_missing():
    x = torch.tensor([[1.0, 2.0, 3.0]])
    assert extend_symmetric(x, 4).shape == (8, 8)
    assert extend_symmetric(x, 4)[5].tolist() == [1, 2, 3, 3, 2, 1, 1, 2]
