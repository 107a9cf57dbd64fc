import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.any_image import open_hole, open_picture

GENERATOR = np.random.default_rng(0)
BYTES = GENERATOR.integers(0, 256, (9, 7, 3), np.uint8)
PICTURES = {
    "PIL RGB": Image.fromarray(BYTES),
    "PIL L": Image.fromarray(BYTES[..., 0]),
    "PIL RGBA": Image.fromarray(np.dstack([BYTES, BYTES[..., :1]])),
    "PIL LA": Image.fromarray(BYTES[..., :2]),
    "array": BYTES,
    "array without channel": BYTES[..., 0],
    "array of one channel": BYTES[..., :1],
    "array with alpha": np.dstack([BYTES, BYTES[..., :1]]),
    "array of 16 bits": BYTES.astype(np.uint16) * 201,
    "array of floats": GENERATOR.random((9, 7, 3)),
    "array upside down": BYTES[::-1],
    "tensor": torch.from_numpy(BYTES).permute(2, 0, 1),
    "tensors": torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0)),
    "tensor of doubles": torch.rand(1, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64),
    "tensor of halves": torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(0)).half(),
}


def values(picture):
    return np.asarray(picture)


@pytest.mark.parametrize("name", PICTURES)
def test_there_and_back(name):
    """Half of it filled with 1: type, size and kind stay, the known half bit by bit, and the other half is bright."""
    picture = PICTURES[name]
    opened = open_picture(picture)
    assert opened.image.shape[-2:] == (9, 7)
    assert opened.image.dtype == torch.float32
    hole = torch.zeros(len(opened.image), 1, 9, 7, dtype=torch.bool)
    hole[:, :, :4] = True
    closed = opened.close(torch.ones_like(opened.image), hole)
    assert type(closed) is type(picture)
    before, after = values(picture), values(closed)
    assert (after.dtype, after.shape) == (before.dtype, before.shape)
    if isinstance(picture, Image.Image):
        assert closed.mode == picture.mode
    rows = -2 if isinstance(picture, torch.Tensor) else 0
    known, filled = np.moveaxis(after, rows, 0)[4:], np.moveaxis(after, rows, 0)[:4]
    assert np.array_equal(known, np.moveaxis(before, rows, 0)[4:])
    brightest = {"uint8": 255, "uint16": 65535}.get(str(after.dtype), 1)
    assert (filled == brightest).all()


def test_what_belongs_to_a_pil_picture_stays():
    picture = Image.fromarray(BYTES)
    picture.info["icc_profile"] = b"profile"
    opened = open_picture(picture)
    assert opened.close(opened.image, None).info["icc_profile"] == b"profile"


def test_a_blind_model_leaves_alpha_alone():
    picture = PICTURES["PIL RGBA"]
    opened = open_picture(picture)
    assert np.array_equal(np.asarray(opened.close(opened.image, None)), np.asarray(picture))


HOLE = np.zeros((9, 7), bool)
HOLE[2:5, 1:3] = True
HOLES = {
    "bool": HOLE,
    "numbers": HOLE.astype(np.float32),
    "bytes": HOLE.astype(np.uint8) * 255,
    "one channel": HOLE[..., None],
    "PIL L": Image.fromarray(HOLE.astype(np.uint8) * 255),
    "PIL 1": Image.fromarray(HOLE),
    "tensor": torch.from_numpy(HOLE),
    "tensor with a channel": torch.from_numpy(HOLE)[None].float(),
    "tensors": torch.from_numpy(HOLE)[None, None].expand(2, -1, -1, -1),
}


@pytest.mark.parametrize("name", HOLES)
def test_holes(name):
    opened = open_hole(HOLES[name], torch.rand(2, 3, 9, 7))
    assert opened.dtype == torch.bool
    assert torch.equal(opened, torch.from_numpy(HOLE).expand(2, 1, -1, -1))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ("photo.png", "expected a PIL image, a NumPy array or a torch tensor, got str"),
        (Image.new("P", (3, 3)), r"mode P cannot take .*give picture.convert\('RGB'\)"),
        (np.zeros((3, 3, 5), np.uint8), r"expected an array .* got \(3, 3, 5\)"),
        (np.zeros((0, 3), np.uint8), "expected an array"),
        (np.zeros((3, 3), np.int64), "numbers of type int64"),
        (np.full((3, 3), 2.0), "expected floats from 0 to 1, got 2 to 2"),
        (torch.full((1, 3, 3), torch.nan), "expected floats from 0 to 1, got nan"),
        (torch.zeros(3, 3), r"expected a tensor \(\[B,\] 1 or 3, H, W\), got \(3, 3\)"),
    ],
)
def test_other_pictures_are_told(picture, message):
    with pytest.raises(UserError, match=message):
        open_picture(picture)


@pytest.mark.parametrize(
    ("hole", "message"),
    [
        ([[1]], "hole: expected a PIL image"),
        (Image.new("RGB", (7, 9)), "mode 1 or L"),
        (np.zeros((7, 9), bool), r"picture's size 9x7, got the shape \(7, 9\)"),
        (np.full((9, 7), 128, np.uint8), "expected two values"),
        (np.array([[0.0, 0.5, 1, 0, 0, 0, 0]] * 9), "expected two values"),
        (torch.zeros(3, 1, 9, 7), "got the shape"),
    ],
)
def test_other_holes_are_told(hole, message):
    with pytest.raises(UserError, match=message):
        open_hole(hole, torch.rand(2, 3, 9, 7))
