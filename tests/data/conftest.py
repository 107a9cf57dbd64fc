import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.masks.base import MaskMaker


class OneSquare(MaskMaker):
    """A square hole at a random place; enough of a mask to test the data with."""

    def __call__(self, size, generator):
        side = min(size) // 2
        top, left = (int(torch.randint(total - side + 1, (), generator=generator)) for total in size)
        known = torch.ones(1, *size)
        known[:, top : top + side, left : left + side] = 0
        return known


@pytest.fixture
def mask():
    return OneSquare()


@pytest.fixture
def draw():
    """Draw a picture file whose content depends on its number: draw(path, number=0, size=(40, 32), mode="RGB")."""

    def draw(path, number=0, size=(40, 32), mode="RGB", **save):
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).convert(mode).save(path, **save)
        return path

    return draw


@pytest.fixture
def common(mask):
    return {"mask": mask, "size": 16, "channels": 3, "batch_size": 4, "num_workers": 0}
