import numpy as np
import pytest
import torch
from skimage import data as pictures
from torch.utils.data import default_collate

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, EdgeBatch
from inpaintlab.data.edges import CannyEdges
from inpaintlab.data.photos import Photos
from inpaintlab.layers.canny import canny, luminance
from inpaintlab.masks.center import Center


def photos(**arguments):
    names = {"train": ["coffee.png"], "val": ["coins.png"], "test": ["coins.png"]}
    fixed = {"size": 48, "channels": 3, "batch_size": 2, "num_workers": 0, "crops_per_picture": 4, "eval_grid": 2}
    return Photos(mask=Center(side=16), **names, **(fixed | arguments))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_loaders_edges_are_the_devices(channels):
    image = torch.from_numpy(pictures.coffee()[:96, :128]).permute(2, 0, 1)[:channels].float() / 255
    edges = CannyEdges()(image)
    assert edges.shape == (1, 96, 128)
    assert edges.dtype == torch.float32
    assert edges.any()
    assert torch.equal(edges[None], canny(luminance(image[None])))


def test_training_batches_bring_edges_and_judged_ones_do_not():
    data = photos(edges={"sigma": 1.0, "low": 0.05, "high": 0.1})
    batch = next(iter(data.train_dataloader()))
    assert type(batch) is EdgeBatch
    expected = torch.stack([CannyEdges(1.0, 0.05, 0.1)(image) for image in batch.image])
    assert torch.equal(batch.edges, expected)
    assert batch.edges.any()
    assert torch.equal(batch.corrupted, batch.image * batch.known)
    assert torch.equal(batch.hole, 1 - batch.known)
    assert type(next(iter(data.test_dataloader()))) is Batch
    assert type(next(iter(photos().train_dataloader()))) is Batch


def test_pictures_and_holes_are_the_same_with_edges():
    with_edges, without = photos(edges={}).dataset("train")[(3, 1)], photos().dataset("train")[(3, 1)]
    assert torch.equal(with_edges.image, without.image)
    assert torch.equal(with_edges.known, without.known)
    assert np.array_equal(with_edges.edges, CannyEdges()(without.image))


def test_collates():
    item = EdgeBatch(torch.rand(3, 4, 4), torch.ones(1, 4, 4), torch.zeros(1, 4, 4))
    batch = default_collate([item, item])
    assert type(batch) is EdgeBatch
    assert batch.edges.shape == (2, 1, 4, 4)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"sigma": 0}, r"data.edges: expected sigma > 0 .*got sigma=0"),
        ({"low": 0.3}, r"0 <= low <= high, got sigma=2.0, low=0.3, high=0.2"),
        ({"width": 1}, r"data.edges: expected sigma, low and high, got width"),
    ],
)
def test_refuses(edges, message):
    with pytest.raises(UserError, match=message):
        photos(edges=edges)
