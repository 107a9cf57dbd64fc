import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.frozen import Frozen


@pytest.fixture
def masks(tmp_path):
    holes = [np.zeros((16, 16), bool) for _ in range(3)]
    for index, hole in enumerate(holes):
        hole[: index + 1] = True
        Image.fromarray(hole).save(tmp_path / f"{index}.png")
    return Frozen([tmp_path / f"{index}.png" for index in range(3)]), holes


@pytest.mark.parametrize("index", [0, 2, 3, 7])
def test_mask_i_goes_with_picture_i_and_again_from_the_first(masks, index):
    maker, holes = masks
    known = maker.for_split("test").for_picture(index, "any", (16, 16), torch.Generator())
    assert known.dtype == torch.float32
    assert (known[0].numpy() == ~holes[index % 3]).all()


def test_another_size_is_refused(masks):
    with pytest.raises(UserError, match=r"0.png: 16x16 px, but picture cat.png has 16x32 \(height x width\); freeze"):
        masks[0].for_picture(0, "cat.png", (16, 32), torch.Generator())


def test_nothing_is_drawn(masks):
    with pytest.raises(UserError, match="frozen masks belong to numbered pictures; use mask=files"):
        masks[0]((16, 16), torch.Generator())
