import os
import struct

import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import TURNS, count_frames, open_image, orientation_of, turn_upright

CORNER = np.zeros((6, 9, 3), np.uint8)
CORNER[0, 0] = 255


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_a_picture_is_turned_as_viewers_turn_it(orientation, ending, tmp_path):
    """What lies on disk is turned back, so that every viewer shows the white corner in the upper left."""
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, TURNS.get(orientation))
    upright = Image.fromarray(CORNER.repeat(8, 0).repeat(8, 1))
    (upright if back is None else upright.transpose(back)).save(tmp_path / f"a.{ending}", exif=exif_of(orientation))
    turned = turn_upright(open_image(tmp_path / f"a.{ending}"))
    assert turned.size == upright.size
    pixels = np.asarray(turned.convert("L"))
    assert pixels[:4, :4].mean() > 200
    assert pixels[20:, 20:].mean() < 20


@pytest.mark.parametrize("orientation", range(5, 9))
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_tiff_without_compression_has_the_pixels_of_a_compressed_one(mode, orientation, tmp_path):
    """PIL maps such a file into memory, by the sides that it has once it is turned."""
    rng = np.random.default_rng(0)
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65536, (6, 9), np.uint16))
    else:
        image = Image.fromarray(rng.integers(0, 256, (6, 9, 4), np.uint8)).convert(mode)
    turned = []
    for name, how in (("mapped", None), ("decoded", "tiff_lzw")):
        image.save(tmp_path / f"{name}.tif", exif=exif_of(orientation), compression=how)
        turned.append(turn_upright(open_image(tmp_path / f"{name}.tif")))
    assert turned[0].size == turned[1].size == (6, 9)
    assert np.array_equal(*(np.asarray(image) for image in turned))


def broken_exif(tag=0x0128, kind=2, value=b"2\0\0\0"):
    head = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1)
    return head + struct.pack("<HHI", tag, kind, 2) + value + struct.pack("<I", 0)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbagegarbage", broken_exif(), broken_exif(0x0112), broken_exif(0x0213), b"Exif\0\0II*\0"]
)
def test_pixels_need_no_readable_exif(exif, tmp_path):
    Image.fromarray(CORNER).save(tmp_path / "a.jpg", exif=exif)
    image = open_image(tmp_path / "a.jpg")
    assert orientation_of(image) == 1
    assert turn_upright(image).size == (9, 6)


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("pipe.png", "folder.png", "nothing.png"):
        with pytest.raises(UserError, match=f"{name}: no regular file"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.4\n", b"", b"\x00" * 100])
def test_a_format_that_is_not_on_the_list_is_not_opened(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.png: unreadable picture"):
        open_image(tmp_path / "a.png").load()


def test_frames_are_counted(tmp_path):
    pages = [Image.fromarray(CORNER), Image.fromarray(255 - CORNER)]
    for name in ("a.tif", "a.gif", "a.webp", "a.png"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        assert count_frames(open_image(tmp_path / name)) == 2
    pages[0].save(tmp_path / "one.png")
    assert count_frames(open_image(tmp_path / "one.png")) == 1
