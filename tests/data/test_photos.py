import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.data.photos import Photos


@pytest.fixture
def photos(common):
    options = {"train": ["astronaut.png", "brick.png"], "val": ["coins.png"], "test": ["chelsea.png", "camera.png"]}
    return lambda **more: Photos(**{**common, **options, **more})


def test_training_serves_many_crops_of_each(photos):
    dataset = photos(crops_per_picture=8, zoom=(1.0, 3.0)).dataset("train")
    assert len(dataset) == 16
    assert [dataset.name(index) for index in (0, 1, 2)] == ["astronaut.png", "brick.png", "astronaut.png"]
    first, second = dataset[(0, 0)].image, dataset[(0, 2)].image
    assert first.shape == (3, 16, 16)
    assert not torch.equal(first, second)
    red, _, blue = dataset[(0, 1)].image  # a grey photograph among colour
    assert torch.equal(red, blue)


def test_held_out_photographs_are_cut_into_a_grid(photos):
    data = photos(eval_grid=3, eval_zoom=2.0)
    dataset = data.dataset("test")
    assert len(dataset) == 18
    assert len({dataset.name(index) for index in range(18)}) == 18
    assert dataset.name(0) == "chelsea-000"
    crops = data.images("test")
    whole = np.array(crops[0])
    assert whole.shape == (150, 150, 3)  # half of 300
    # The outermost touch the borders of the photograph, 451 x 300.
    from skimage.data import chelsea

    assert np.array_equal(whole, chelsea()[:150, :150])
    assert np.array_equal(np.array(crops[8]), chelsea()[-150:, -150:])


def test_a_single_crop(photos):
    assert len(photos(eval_grid=1, eval_zoom=1.0).dataset("val")) == 1


def test_training_photographs_are_kept_no_larger_than_needed(photos):
    data = photos(zoom=(1.0, 3.0))
    assert min(data.images("train")[0].size) == 48
    assert min(photos(size=512).images("train")[0].size) == 512
    assert min(photos(train_fit="patch").images("train")[0].size) == 512


@pytest.mark.parametrize("options", [{"eval_grid": 0}, {"eval_zoom": 0.5}])
def test_a_grid_that_cannot_be(photos, options):
    with pytest.raises(UserError, match=r"data\.eval_grid=.*, data\.eval_zoom=.*: expected both to be at least 1"):
        photos(**options).dataset("val")


def test_grey(photos):
    assert photos(channels=1).dataset("train")[0].image.shape == (1, 16, 16)


def test_a_photograph_that_this_version_lacks(photos):
    with pytest.raises(UserError, match=r"^eagle\.png: scikit-image .* does not carry .*choose of: .*astronaut\.png"):
        photos(train=["eagle.png"]).setup("fit")
