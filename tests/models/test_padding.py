import numpy as np
import pytest
import torch

from inpaintlab.models.padding import extend, inpaint_any_size
from tests.training.callbacks.toy import Toy


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 8), (9, 17), (16, 8)])
def test_extending_mirrors_without_repeating_the_edge(size):
    x = torch.rand(1, 2, *size)
    extended = extend(x, 8)
    missing = [-n % 8 for n in size]
    expected = np.pad(x.numpy(), [(0, 0), (0, 0), (0, missing[0]), (0, missing[1])], mode="reflect")
    assert np.array_equal(extended.numpy(), expected)


def test_the_prediction_is_cut_to_the_pictures_size():
    model = Toy(divisor=8)
    image, known = torch.rand(1, 3, 9, 5), torch.ones(1, 1, 9, 5)
    assert inpaint_any_size(model, image, known).shape == (1, 3, 9, 5)


def test_a_fitting_picture_is_left_alone():
    model = Toy(divisor=8)
    image, known = torch.rand(1, 3, 8, 16), torch.ones(1, 1, 8, 16)
    assert torch.equal(inpaint_any_size(model, image, known), model.inpaint(image, known))
