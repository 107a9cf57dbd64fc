import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.reading import list_masks, read_hole

SQUARE = np.zeros((8, 8), bool)
SQUARE[2:6, 2:6] = True
BLACK_AND_WHITE = np.where(SQUARE, 255, 0).astype(np.uint8)


def rgba(colour, alpha):
    return Image.fromarray(np.dstack([colour, colour, colour, alpha]).astype(np.uint8))


def palette():
    picture = Image.fromarray(SQUARE.astype(np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 255, 255, 255])
    return picture


def read(path, hole_is="white", channel="luma", threshold=None):
    return read_hole(path, hole_is, channel, threshold)


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(BLACK_AND_WHITE),
        Image.fromarray(SQUARE),
        Image.fromarray(BLACK_AND_WHITE).convert("RGB"),
        rgba(BLACK_AND_WHITE, np.full((8, 8), 255)),
        Image.fromarray(BLACK_AND_WHITE.astype(np.uint16) * 257),
        palette(),
    ],
    ids=["grey", "1 bit", "RGB", "opaque RGBA", "16 bit", "palette"],
)
def test_every_kind_of_black_and_white(tmp_path, draw, picture):
    path = draw(tmp_path / "a.png", picture=picture)
    assert (read(path) == SQUARE).all()
    assert (read(path, "black") == ~SQUARE).all()


def test_grey_is_refused_or_thresholded(tmp_path, draw):
    pixels = BLACK_AND_WHITE.copy()
    pixels[0, 0], pixels[0, 1] = 153, 154  # 0.6 and 0.604 of white
    path = draw(tmp_path / "a.png", picture=Image.fromarray(pixels))
    with pytest.raises(
        UserError, match=r"a.png: 2 pixels are neither black nor white, one is 0.6 of white; give a thresh"
    ):
        read(path)
    hole = read(path, threshold=0.6)
    assert hole.sum() == 17  # the square and 154; white is what lies above the threshold
    assert hole[0, 1]


def test_colours_are_refused_or_thresholded(tmp_path, draw):
    pixels = np.dstack([BLACK_AND_WHITE, BLACK_AND_WHITE * 0, BLACK_AND_WHITE * 0])
    path = draw(tmp_path / "a.png", picture=Image.fromarray(pixels))
    with pytest.raises(UserError, match=r"a.png: a mask with colours; give a threshold"):
        read(path)
    assert (read(path, threshold=0.2) == SQUARE).all()  # the luma of red is 0.299


def test_alpha_is_the_mask_only_when_asked_for(tmp_path, draw):
    path = draw(tmp_path / "a.png", picture=rgba(np.zeros((8, 8)), BLACK_AND_WHITE))
    with pytest.raises(UserError, match=r"a.png: has transparent pixels; set channel=alpha"):
        read(path)
    assert (read(path, channel="alpha") == SQUARE).all()  # opaque counts as white
    assert (read(path, "black", channel="alpha") == ~SQUARE).all()


def test_alpha_is_asked_for_and_absent(tmp_path, draw):
    with pytest.raises(UserError, match=r"a.png: has no alpha channel; set channel=luma"):
        read(draw(tmp_path / "a.png"), channel="alpha")


def test_floating_point_is_refused(tmp_path, draw):
    path = draw(tmp_path / "a.tif", picture=Image.fromarray(SQUARE.astype(np.float32)))
    with pytest.raises(UserError, match=r"a.tif: a mask of floating-point values"):
        read(path)


@pytest.mark.parametrize("keep", [0, 20, 60])
def test_unreadable_files_are_named(tmp_path, draw, keep):
    path = draw(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"a.png: unreadable picture \(.*\); repair or remove"):
        read(path)


def test_lists_a_tree_in_order(tmp_path, draw):
    for name in ("b/2.png", "a/10.PNG", "a/1.png"):
        draw(tmp_path / name)
    (tmp_path / "a/notes.txt").write_text("no mask")
    assert [path.relative_to(tmp_path).as_posix() for path in list_masks(tmp_path)] == [
        "a/1.png",
        "a/10.PNG",
        "b/2.png",
    ]


def test_missing_or_empty_folder(tmp_path):
    with pytest.raises(UserError, match=r"mask.root=<folder> is needed"):
        list_masks(None)
    with pytest.raises(UserError, match=r"mask.root=.*/missing: no such folder"):
        list_masks(tmp_path / "missing")
    with pytest.raises(UserError, match=r"no mask files in .*; expected .*\.png"):
        list_masks(tmp_path)
