import pytest
import torch
from torch.utils.data import default_collate

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, check, composite


def one(size=4):
    image = torch.rand(3, size, size)
    known = torch.ones(1, size, size)
    known[:, 1:3, 1:3] = 0
    return Batch(image, known)


def test_collate_keeps_the_type():
    batch = default_collate([one(), one()])
    assert isinstance(batch, Batch)
    assert batch.image.shape == (2, 3, 4, 4)
    assert batch.known.shape == (2, 1, 4, 4)


def test_corrupted_is_zero_in_the_hole_and_the_picture_elsewhere():
    batch = one()
    assert (batch.corrupted[:, 1:3, 1:3] == 0).all()
    assert torch.equal(batch.corrupted[:, 0], batch.image[:, 0])
    assert torch.equal(batch.hole + batch.known, torch.ones(1, 4, 4))


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e30])
def test_composite_keeps_known_pixels_bit_equal_whatever_the_prediction(poison):
    batch = default_collate([one()])
    prediction = torch.full_like(batch.image, 0.25)
    prediction[:, :, 0, 0] = poison
    completed = composite(prediction, batch)
    assert torch.equal(completed[:, :, 0], batch.image[:, :, 0])
    assert (completed[:, :, 1:3, 1:3] == 0.25).all()


def test_check_returns_its_batch():
    batch = one()
    assert check(batch) is batch


@pytest.mark.parametrize(
    ("image", "known", "message"),
    [
        (torch.rand(2, 4, 4), torch.ones(1, 4, 4), "1 or 3"),
        (torch.rand(3, 4, 4), torch.ones(1, 4, 5), "1 channel of the image's size"),
        (torch.rand(3, 4, 4), torch.ones(3, 4, 4), "1 channel of the image's size"),
        (torch.rand(3, 4, 4) * 255, torch.ones(1, 4, 4), r"values in \[0, 1\]"),
        (torch.full((3, 4, 4), float("nan")), torch.ones(1, 4, 4), r"values in \[0, 1\]"),
        (torch.rand(3, 4, 4), torch.full((1, 4, 4), 0.5), "exactly 0 .hole. or 1 .known., got 0.5"),
        (torch.ones(3, 4, 4, dtype=torch.uint8), torch.ones(1, 4, 4), "float"),
    ],
)
def test_check_names_what_is_wrong(image, known, message):
    with pytest.raises(UserError, match=message):
        check(Batch(image, known))
